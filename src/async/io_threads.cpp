#include "async/io_threads.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>

#include "async/thread_index.hpp"
#include "base/ensure.hpp"

namespace callramp::async {
namespace {

struct Context : asio::io_context {
  Context() : asio::io_context(1) {}
  using asio::io_context::shutdown;
};

}  // namespace

struct IoThreads::State {
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::vector<std::thread> threads;

  ~State() {
    // A coroutine that waits on one context may own sockets of another, so all of them are emptied before any
    // goes.
    for (auto& context : contexts) context->shutdown();
  }
};

IoThreads::IoThreads(std::size_t count) : state_(std::make_unique<State>()) {
  ENSURE(count > 0, "work needs at least one thread");
  for (std::size_t i = 0; i < count; ++i) {
    auto& context = *state_->contexts.emplace_back(std::make_unique<Context>());
    state_->work.push_back(asio::make_work_guard(context));
    state_->threads.emplace_back([&context, i] {
      set_thread_index(i);
      context.run();
    });
  }
}

IoThreads::~IoThreads() { stop(); }

std::vector<Executor> IoThreads::executors() const {
  std::vector<Executor> all;
  for (auto& context : state_->contexts) all.emplace_back(context->get_executor());
  return all;
}

Executor IoThreads::executor(std::size_t index) const {
  ENSURE(index < state_->contexts.size(), "no thread has this index");
  return state_->contexts[index]->get_executor();
}

std::size_t IoThreads::size() const noexcept { return state_->contexts.size(); }

void IoThreads::stop() {
  for (auto& context : state_->contexts) context->stop();
  for (auto& thread : state_->threads)
    if (thread.joinable()) thread.join();
}

}  // namespace callramp::async

// The few Asio names that our floors share: one place to see which part of Asio everybody pays for in compile time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>

namespace callramp {

namespace asio = boost::asio;
template <class T>
using Awaitable = asio::awaitable<T>;
using Executor = asio::any_io_executor;

}  // namespace callramp

// Which io thread this is: 0, 1, … as IoThreads numbers them; 0 on any other thread, which is what a single-threaded
// test or simulation needs.
#pragma once

#include <cstddef>

namespace callramp::async {

namespace detail {
inline thread_local std::size_t current_thread_index = 0;
}

inline std::size_t thread_index() noexcept { return detail::current_thread_index; }
/// Called once by the thread that runs loop number `index`.
inline void set_thread_index(std::size_t index) noexcept { detail::current_thread_index = index; }

}  // namespace callramp::async

// The TLS half of Asio's implementation, compiled once; the other half is in async/asio_src.cpp.
#include <boost/asio/ssl/impl/src.hpp>

// Boost.JSON's own implementation, compiled once.
#include <boost/json/src.hpp>

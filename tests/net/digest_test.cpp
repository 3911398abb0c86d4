#include "net/digest.hpp"

#include <doctest/doctest.h>

using namespace callramp;

TEST_CASE("SHA-256 and its HMAC match published vectors") {
  // FIPS 180-2 appendix B.1 and RFC 4231 test case 2.
  CHECK(net::sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(net::sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(net::hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(net::hmac_sha256("", "").size() == 32);
}

TEST_CASE("secrets compare by content and length") {
  CHECK(net::constant_time_equal("secret", "secret"));
  CHECK(net::constant_time_equal("", ""));
  CHECK_FALSE(net::constant_time_equal("secret", "secreT"));
  CHECK_FALSE(net::constant_time_equal("secret", "secre"));
}

// A private CA and a server certificate, made anew for each run, so that no key lies in the repository and none
// expires.
#pragma once

#include <filesystem>
#include <string>

namespace callramp::net {

class TestCertificates {
 public:
  /// The server's certificate names `subject_alternatives`, e.g. "DNS:localhost,IP:127.0.0.1".
  explicit TestCertificates(const std::string& subject_alternatives);
  ~TestCertificates();
  TestCertificates(const TestCertificates&) = delete;
  TestCertificates& operator=(const TestCertificates&) = delete;

  std::string ca_file() const { return (folder_ / "ca.pem").string(); }
  std::string certificate_file() const { return (folder_ / "server.pem").string(); }
  std::string private_key_file() const { return (folder_ / "server.key").string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace callramp::net

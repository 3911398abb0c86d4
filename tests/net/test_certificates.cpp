#include "test_certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <cstdio>
#include <memory>

#include "base/ensure.hpp"

namespace callramp::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using File = std::unique_ptr<std::FILE, decltype(&std::fclose)>;

Key make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

void add_extension(X509* certificate, X509* issuer, int name, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, name, value.c_str());
  ENSURE(extension != nullptr, "the extension is well-formed");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate make_certificate(const char* common_name, EVP_PKEY* key, X509* issuer, long serial) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 24 * 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  return certificate;
}

void write_certificate(const std::filesystem::path& path, X509* certificate) {
  File file(std::fopen(path.c_str(), "w"), std::fclose);
  ENSURE(file && PEM_write_X509(file.get(), certificate) == 1, "the temporary folder is writable");
}

}  // namespace

TestCertificates::TestCertificates(const std::string& subject_alternatives) {
  std::string pattern = (std::filesystem::temp_directory_path() / "callramp-tls-XXXXXX").string();
  ENSURE(mkdtemp(pattern.data()) != nullptr, "the temporary folder is writable");
  folder_ = pattern;

  const Key ca_key = make_key();
  const Certificate ca = make_certificate("callramp test CA", ca_key.get(), nullptr, 1);
  add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(ca.get(), ca_key.get(), EVP_sha256());

  const Key key = make_key();
  const Certificate server = make_certificate("callramp test server", key.get(), ca.get(), 2);
  add_extension(server.get(), ca.get(), NID_subject_alt_name, subject_alternatives);
  X509_sign(server.get(), ca_key.get(), EVP_sha256());

  write_certificate(ca_file(), ca.get());
  write_certificate(certificate_file(), server.get());
  File file(std::fopen(private_key_file().c_str(), "w"), std::fclose);
  ENSURE(file && PEM_write_PrivateKey(file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
         "the temporary folder is writable");
}

TestCertificates::~TestCertificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace callramp::net

#include "adapters/sql/permission.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace callramp::sql {
namespace {

namespace json = boost::json;

std::string with_member(const std::string& permission, std::string_view name, json::value value) {
  boost::system::error_code error;
  json::value record = json::parse(permission, error);
  if (error || !record.is_object()) record = json::object{};
  record.as_object()[name] = std::move(value);
  return json::serialize(record);
}

}  // namespace

std::string with_consent(Db& db, const std::string& permission, const Call& call) {
  json::value consent = nullptr;
  if (call.contact)
    db.select("select consent from contacts where seq = :seq", "t", {*call.contact}, [&](Row& row) {
      if (std::string text = row.text(); !text.empty()) consent = text;
    });
  return with_member(permission, "consent", std::move(consent));
}

void note_disclosure(Db& db, const Attempt& attempt, const std::vector<TranscriptLine>& transcript) {
  if (attempt.system != System::new_system) return;  // what the old system says, it knows
  const auto first = std::ranges::find(transcript, Speaker::agent, &TranscriptLine::speaker);
  const std::string_view heard = first == transcript.end() ? "not_played"
                                 : first->interrupted      ? "interrupted"
                                                           : "played";
  db.run("update attempts set permission = :permission where id = :id",
         {with_member(attempt.permission_json, "disclosure", json::value(heard)), attempt.id});
}

}  // namespace callramp::sql

// A batch: one file on its way into a campaign, and how far it has come. What is stored of it after every step is all
// that is needed to go on from there in another process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/phone.hpp"
#include "base/time.hpp"
#include "core/calls/campaign.hpp"
#include "core/import/contact_rows.hpp"
#include "core/import/csv_reader.hpp"

namespace callramp {

enum class BatchState {
  importing,  ///< being worked through, or waiting for its turn
  done,
  cancelled,  ///< by a person; what was in by then stays
  failed,     ///< the file as a whole cannot be read; its error says why
};
std::string_view to_string(BatchState state) noexcept;
Result<BatchState> parse_batch_state(std::string_view text);

namespace import {

/// How far a batch has come. Rows are taken a stretch of the file at a time (stretch.hpp): its contacts in their order,
/// then its refusals by line.
struct Checkpoint {
  CsvPosition stretch;            ///< where the stretch that is being worked on starts; offset 0: at the first row
  std::string last_phone;         ///< the last contact of it that is in; empty: none
  std::int64_t last_line = 0;     ///< of that contact
  std::int64_t refused_line = 0;  ///< the last of its refusals that is stored; 0: none
  bool operator==(const Checkpoint&) const = default;
};
std::string to_text(const Checkpoint& checkpoint);
/// Of what to_text wrote; the start of the file for an empty text.
Result<Checkpoint> parse_checkpoint(std::string_view text);

/// Rows, each in one of them.
struct Counts {
  std::int64_t good = 0;         ///< contacts that will be called
  std::int64_t rejected = 0;     ///< not taken, with a reason
  std::int64_t duplicates = 0;   ///< the number stands earlier in the file, or in the campaign
  std::int64_t do_not_call = 0;  ///< kept as removed contacts
  bool operator==(const Counts&) const = default;
  std::int64_t rows() const noexcept { return good + rejected + duplicates + do_not_call; }
};

}  // namespace import

struct Batch {
  BatchId id;
  std::optional<CampaignId> campaign;  ///< unset: a dry run that was given none
  std::optional<AgentId> agent;        ///< of rows that name none; unset: the campaign's
  std::string region;                  ///< of numbers without a country code
  std::string file_name;               ///< as it was uploaded
  std::string spool_file;              ///< where it is kept until the batch is over
  BatchState state = BatchState::importing;
  bool dry_run = false;
  std::int64_t bytes_total = 0;  ///< of the file as it was uploaded
  std::int64_t bytes_done = 0;
  import::Counts counts;
  import::Checkpoint checkpoint;
  std::string error;
  Instant created_at{};
  std::string created_by;
  std::optional<Instant> finished_at;
};

}  // namespace callramp

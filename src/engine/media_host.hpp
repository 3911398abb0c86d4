// MediaHost: takes the media streams that carriers open, runs a conversation in each, and hands its facts to the
// settler.
#pragma once

#include "engine/call_session.hpp"
#include "engine/live_sessions.hpp"
#include "engine/settler.hpp"

namespace callramp::engine {

struct MediaHostConfig {
  SessionConfig session;
  Duration start_deadline = seconds{10};  ///< from the handshake to the carrier's `start`
  /// A token is dead this long after its attempt began: ring time and 60 s (product.md §5).
  Duration token_life = seconds{105};
};

class MediaHost final : public MediaSessions {
 public:
  MediaHost(MediaHostConfig config, SessionServices services, CallStore& store, LiveSessions& sessions,
            Settler& settler);

  Awaitable<Status> admit(std::string stream_token) override;
  Awaitable<void> serve(std::string stream_token, std::unique_ptr<MediaStream> stream) override;

 private:
  Awaitable<Result<ClaimedDial>> open_dial(std::string stream_token);
  Awaitable<void> talk(ClaimedDial dial, std::unique_ptr<MediaStream> stream, std::string provider_call_id);
  AttemptFinish finish_of(const ClaimedDial& dial, SessionResult result) const;

  MediaHostConfig config_;
  SessionServices services_;
  CallStore& store_;
  LiveSessions& sessions_;
  Settler& settler_;
};

}  // namespace callramp::engine

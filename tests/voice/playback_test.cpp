#include "voice/playback.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace callramp;
using namespace callramp::audio;
using namespace callramp::voice;

namespace {

constexpr Instant start = from_micros(1'000'000'000);
constexpr Duration tick = milliseconds{5};

Pcm ramp(std::size_t samples, int first = 1) {
  Pcm out(samples);
  for (std::size_t i = 0; i < samples; ++i) out[i] = static_cast<Sample>(first + static_cast<int>(i % 1000));
  return out;
}

// The carrier: takes what is sent, plays it in real time `delay` later and returns marks when they are due.
struct Line {
  Playback& playback;
  Duration delay{0};
  bool returns_marks = true;
  Instant now = start;
  Instant plays_until = start;
  Pcm got;
  std::vector<std::size_t> chunks;
  std::vector<std::string> marks;
  std::vector<std::pair<Instant, std::string>> due_marks;
  Duration most_ahead{0};
  std::vector<Spoken> finished;

  void step() {
    while (auto out = playback.next(now)) {
      if (const auto* chunk = std::get_if<AudioChunk>(&*out)) {
        plays_until = std::max(plays_until, now + delay) + duration_of(chunk->samples.size());
        most_ahead = std::max(most_ahead, plays_until - delay - now);
        chunks.push_back(chunk->samples.size());
        got.insert(got.end(), chunk->samples.begin(), chunk->samples.end());
      } else {
        marks.push_back(std::get<PlaybackMark>(*out).name);
        if (returns_marks) due_marks.emplace_back(plays_until, marks.back());
      }
    }
    while (!due_marks.empty() && due_marks.front().first <= now) {
      playback.mark_returned(due_marks.front().second, now);
      due_marks.erase(due_marks.begin());
    }
    for (Spoken& spoken : playback.take_finished(now)) finished.push_back(std::move(spoken));
  }
  void run(Duration span) {
    for (const Instant end = now + span; now < end; now += tick) step();
    step();
  }
};

SegmentId say(Playback& playback, UtteranceId utterance, std::string text, std::size_t samples) {
  const SegmentId segment = playback.open_segment(utterance, std::move(text));
  CHECK(playback.append(segment, ramp(samples)) == Appended::queued);
  playback.close_segment(segment);
  return segment;
}

UtteranceId say_whole(Playback& playback, std::string text, std::size_t samples) {
  const UtteranceId utterance = playback.begin_utterance();
  say(playback, utterance, std::move(text), samples);
  playback.end_utterance(utterance);
  return utterance;
}

}  // namespace

TEST_CASE("settings outside the carrier's rules are refused with their value") {
  for (std::size_t bytes : {0u, 160u, 319u, 321u, 650u, 32320u}) {
    const auto status = PlaybackSettings{.chunk_bytes = bytes}.check();
    REQUIRE_FALSE(status);
    CHECK(status.error().message.find(std::to_string(bytes)) != std::string::npos);
    CHECK(status.error().field == "chunk_bytes");
  }
  for (std::size_t bytes : {320u, 640u, 3200u, 32000u}) CHECK(PlaybackSettings{.chunk_bytes = bytes}.check());
  CHECK_FALSE(PlaybackSettings{.lead = milliseconds{0}}.check());
  CHECK_FALSE(PlaybackSettings{.lead = hours{1}}.check());
}

TEST_CASE("audio goes out whole and in order and never further ahead than allowed") {
  for (std::size_t chunk_bytes : {320u, 640u, 3200u, 32000u}) {
    CAPTURE(chunk_bytes);
    Playback playback({.chunk_bytes = chunk_bytes});
    Line line{.playback = playback};
    const std::size_t samples = 24'123;
    say_whole(playback, "Three seconds.", samples);
    line.run(seconds{5});
    REQUIRE(line.got.size() >= samples);
    CHECK(Pcm(line.got.begin(), line.got.begin() + samples) == ramp(samples));
    for (std::size_t i = samples; i < line.got.size(); ++i) CHECK(line.got[i] == 0);
    CHECK(line.got.size() - samples < frame_samples);
    for (std::size_t chunk : line.chunks) {
      CHECK(chunk % frame_samples == 0);
      CHECK(chunk <= chunk_bytes / 2);
    }
    CHECK(line.most_ahead <= std::max(milliseconds{400}, milliseconds{chunk_bytes / 16 + 60}));
    CHECK(line.most_ahead >= milliseconds{300});
    CHECK(line.marks.size() == 1);
    CHECK(playback.underruns().within_segment == 0);
    REQUIRE(line.finished.size() == 1);
    CHECK(line.finished[0].heard == "Three seconds.");
    CHECK(line.finished[0].complete());
    CHECK_FALSE(playback.active(line.now + seconds{1}));
    CHECK_FALSE(playback.next_send_at());
  }
}

TEST_CASE("an engine that sleeps until next_send_at sends on time and does not spin") {
  Playback playback;
  say_whole(playback, "Two seconds.", 16'000);
  Instant now = start, free_at = start;
  int wakes = 0;
  while (const auto due = playback.next_send_at()) {
    now = std::max(now, *due);
    ++wakes;
    const auto out = playback.next(now);
    REQUIRE(out);
    if (const auto* chunk = std::get_if<AudioChunk>(&*out)) {
      CHECK(now <= free_at);
      free_at = std::max(now, free_at) + duration_of(chunk->samples.size());
      CHECK(free_at - now <= milliseconds{400});
    }
  }
  CHECK(wakes == 51);
  CHECK(now == start + seconds{2} - milliseconds{400});
}

TEST_CASE("sentences rendered out of order are played in order and each has its mark") {
  Playback playback({.chunk_bytes = 3200});
  Line line{.playback = playback};
  const UtteranceId utterance = playback.begin_utterance();
  const SegmentId first = playback.open_segment(utterance, "One.");
  const SegmentId second = playback.open_segment(utterance, "Two.");
  CHECK(playback.append(second, Pcm(4000, 2)) == Appended::queued);
  playback.close_segment(second);
  playback.end_utterance(utterance);
  line.run(milliseconds{100});
  CHECK(line.got.empty());
  CHECK(playback.append(first, Pcm(4000, 1)) == Appended::queued);
  playback.close_segment(first);
  line.run(seconds{2});
  REQUIRE(line.got.size() == 8000);
  CHECK(line.got[3999] == 1);
  CHECK(line.got[4000] == 2);
  CHECK(line.marks.size() == 2);
  CHECK(line.chunks == std::vector<std::size_t>{1600, 1600, 1600, 1600, 1600});
  REQUIRE(line.finished.size() == 1);
  CHECK(line.finished[0].heard == "One. Two.");
}

TEST_CASE("a following utterance waits for the end of the one before") {
  Playback playback;
  Line line{.playback = playback};
  const UtteranceId first = playback.begin_utterance();
  say(playback, first, "First", 800);
  say_whole(playback, "Second", 800);
  line.run(seconds{1});
  CHECK(line.got.size() == 800);
  CHECK(line.finished.empty());
  playback.end_utterance(first);
  line.run(seconds{1});
  CHECK(line.got.size() == 1600);
  REQUIRE(line.finished.size() == 2);
  CHECK(line.finished[0].heard == "First");
  CHECK(line.finished[1].heard == "Second");
}

TEST_CASE("the end of a sentence does not wait for the next one to fill its chunk") {
  Playback playback({.chunk_bytes = 3200});
  Line line{.playback = playback};
  const UtteranceId utterance = playback.begin_utterance();
  say(playback, utterance, "One and a bit.", 2000);
  line.run(milliseconds{300});
  CHECK(line.got.size() == 2080);
  CHECK(line.marks.size() == 1);
  // A first sentence shorter than a chunk goes at once.
  Playback other({.chunk_bytes = 3200});
  Line other_line{.playback = other};
  say(other, other.begin_utterance(), "Yes.", 700);
  other_line.run(milliseconds{0});
  CHECK(other_line.got.size() == 800);
}

TEST_CASE("slow speech goes out frame by frame before the line runs dry") {
  Playback playback({.chunk_bytes = 3200});
  Line line{.playback = playback};
  const UtteranceId utterance = playback.begin_utterance();
  const SegmentId segment = playback.open_segment(utterance, "Slow but steady.");
  // Exactly real time, 20 ms at a time, after the first chunk.
  CHECK(playback.append(segment, ramp(1600)) == Appended::queued);
  for (int i = 0; i < 100; ++i) {
    line.run(milliseconds{15});
    CHECK(playback.append(segment, ramp(160)) == Appended::queued);
    line.now += tick;
  }
  CHECK(playback.underruns().within_segment == 0);
  CHECK(line.got.size() >= 1600 + 99 * 160 - 160);
}

TEST_CASE("a line that ran dry is counted when the sound goes on and not at the end") {
  struct Row {
    std::string name;
    bool same_segment;
    Duration stall;
    std::uint64_t within, between;
  };
  const std::vector<Row> table{{"none", true, milliseconds{100}, 0, 0},
                               {"hole in a sentence", true, milliseconds{700}, 1, 0},
                               {"late next sentence", false, milliseconds{700}, 0, 1},
                               {"next sentence in time", false, milliseconds{300}, 0, 0}};
  for (const Row& row : table) {
    CAPTURE(row.name);
    Playback playback;
    Line line{.playback = playback};
    const UtteranceId utterance = playback.begin_utterance();
    SegmentId segment = playback.open_segment(utterance, "First half");
    CHECK(playback.append(segment, ramp(4000)) == Appended::queued);
    if (!row.same_segment) playback.close_segment(segment);
    line.run(row.stall);
    if (!row.same_segment) segment = playback.open_segment(utterance, "second half.");
    CHECK(playback.append(segment, ramp(4000)) == Appended::queued);
    playback.close_segment(segment);
    playback.end_utterance(utterance);
    line.run(seconds{3});
    CHECK(playback.underruns().within_segment == row.within);
    CHECK(playback.underruns().between_segments == row.between);
    CHECK((playback.underruns().longest > milliseconds{150}) == (row.within + row.between > 0));
    CHECK(line.finished.size() == 1);
  }
}

TEST_CASE("after a clear only what was played counts as heard, to the word") {
  struct Row {
    std::string name;
    Duration at;  // of the clear
    std::string heard, unheard;
  };
  // Ten words of four letters and a space take 500 ms each.
  const std::string text = "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj";
  const std::vector<Row> table{
      {"at once", milliseconds{0}, "", text},
      {"in the first word", milliseconds{400}, "", text},
      {"after the first word", milliseconds{610}, "aaaa", "bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj"},
      {"at 60 %", milliseconds{3150}, "aaaa bbbb cccc dddd eeee ffff", "gggg hhhh iiii jjjj"},
      {"in the last word", milliseconds{5050}, "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii", "jjjj"}};
  for (bool returns_marks : {true, false})
    for (const Row& row : table) {
      CAPTURE(row.name);
      Playback playback;
      Line line{.playback = playback, .delay = milliseconds{100}, .returns_marks = returns_marks};
      const UtteranceId utterance = say_whole(playback, text, 40'000);
      line.run(row.at);
      const auto spoken = playback.clear(line.now);
      REQUIRE(spoken.size() == 1);
      CHECK(spoken[0].utterance == utterance);
      CHECK(spoken[0].heard == row.heard);
      CHECK(spoken[0].unheard == row.unheard);
      CHECK_FALSE(spoken[0].complete());
      CHECK(spoken[0].played <= row.at);
      CHECK_FALSE(playback.next(line.now + seconds{1}));
      CHECK_FALSE(playback.next_send_at());
      CHECK(playback.take_finished(line.now + seconds{60}).empty());
      CHECK(playback.clear(line.now).empty());
    }
}

TEST_CASE("a clear counts finished sentences wholly and queued utterances not at all") {
  Playback playback;
  Line line{.playback = playback, .delay = milliseconds{50}};
  const UtteranceId first = playback.begin_utterance();
  say(playback, first, "First sentence.", 8000);
  say(playback, first, "Second sentence here.", 16'000);
  const SegmentId third = playback.open_segment(first, "Third, still being rendered.");
  const UtteranceId second = say_whole(playback, "Another thing.", 8000);
  line.run(milliseconds{1900});
  const auto spoken = playback.clear(line.now);
  REQUIRE(spoken.size() == 2);
  CHECK(spoken[0].utterance == first);
  CHECK(spoken[0].heard == "First sentence. Second");
  CHECK(spoken[0].unheard == "sentence here. Third, still being rendered.");
  CHECK(spoken[1].utterance == second);
  CHECK(spoken[1].heard.empty());
  CHECK(spoken[1].unheard == "Another thing.");

  SUBCASE("late sound and late marks of what was cleared are ignored") {
    CHECK(playback.append(third, ramp(800)) == Appended::forgotten);
    playback.close_segment(third);
    playback.end_utterance(first);
    for (const std::string& mark : line.marks) playback.mark_returned(mark, line.now);
    CHECK_FALSE(playback.next(line.now));
    CHECK(playback.append(playback.open_segment(first, "More."), ramp(800)) == Appended::forgotten);
  }
  SUBCASE("the next utterance starts at once") {
    const std::size_t before = line.got.size();
    say_whole(playback, "New.", 8000);
    line.step();
    CHECK(line.got.size() - before == samples_in(milliseconds{400}));
    CHECK(playback.underruns().within_segment == 0);
  }
}

TEST_CASE("an utterance finishes by its marks, or by the clock where they never come") {
  Playback playback;
  Line line{.playback = playback, .delay = milliseconds{150}};
  say_whole(playback, "One second.", 8000);
  line.run(milliseconds{1145});
  CHECK(line.finished.empty());
  CHECK(playback.active(line.now));
  line.run(milliseconds{10});
  REQUIRE(line.finished.size() == 1);
  CHECK(line.finished[0].played == seconds{1});
  CHECK(playback.delay() == milliseconds{150});

  line.returns_marks = false;
  line.now += seconds{1};
  line.plays_until = line.now;
  say_whole(playback, "One more.", 8000);
  const Instant began = line.now;
  line.run(milliseconds{2000});
  CHECK(line.finished.size() == 1);
  REQUIRE(playback.finished_by_clock_at());
  CHECK(*playback.finished_by_clock_at() == began + seconds{1} + milliseconds{150} + milliseconds{1000});
  line.run(milliseconds{200});
  REQUIRE(line.finished.size() == 2);
  CHECK(line.finished[1].heard == "One more.");
}

TEST_CASE("marks that lie do not make anything heard") {
  Playback playback;
  Line line{.playback = playback, .returns_marks = false};
  say_whole(playback, "aaaa bbbb cccc dddd", 16'000);
  line.run(milliseconds{1700});
  REQUIRE(line.marks.size() == 1);
  playback.mark_returned(line.marks[0], line.now);  // 300 ms before the sound can have ended
  playback.mark_returned("segment-999", line.now);
  playback.mark_returned("", line.now);
  CHECK(playback.take_finished(line.now).empty());
  const auto spoken = playback.clear(line.now);
  REQUIRE(spoken.size() == 1);
  CHECK(spoken[0].heard == "aaaa bbbb cccc");
}

TEST_CASE("a sentence whose speech failed counts by its likely length") {
  Playback playback;
  Line line{.playback = playback};
  const UtteranceId utterance = playback.begin_utterance();
  // 40 letters take about 2.7 s; one second came.
  const SegmentId segment = playback.open_segment(utterance, "aaaa bbbb cccc dddd eeee ffff gggg hhhh");
  CHECK(playback.append(segment, ramp(8000)) == Appended::queued);
  playback.cut_segment(segment);
  const SegmentId silent = playback.open_segment(utterance, "Never rendered.");
  playback.cut_segment(silent);
  playback.end_utterance(utterance);
  line.run(seconds{3});
  REQUIRE(line.finished.size() == 1);
  CHECK(line.finished[0].heard == "aaaa bbbb cccc");
  CHECK(line.finished[0].unheard == "dddd eeee ffff gggg hhhh Never rendered.");
}

TEST_CASE("an utterance without any sound ends at once and unheard") {
  Playback playback;
  const UtteranceId utterance = playback.begin_utterance();
  playback.close_segment(playback.open_segment(utterance, "Nothing came."));
  CHECK(playback.take_finished(start).empty());
  playback.end_utterance(utterance);
  const auto spoken = playback.take_finished(start);
  REQUIRE(spoken.size() == 1);
  CHECK(spoken[0].heard.empty());
  CHECK(spoken[0].unheard == "Nothing came.");
}

TEST_CASE("more sound than the queue holds is refused") {
  Playback playback({.longest_queue = seconds{1}});
  const UtteranceId utterance = playback.begin_utterance();
  const SegmentId segment = playback.open_segment(utterance, "Long.");
  CHECK(playback.append(segment, ramp(8000)) == Appended::queued);
  CHECK(playback.append(segment, ramp(1)) == Appended::full);
  CHECK(playback.next(start));
  CHECK(playback.append(segment, ramp(320)) == Appended::queued);
  CHECK(playback.clear(start).size() == 1);
  say_whole(playback, "Room again.", 8000);
}

// Tones of the telephone network: what one hears before and instead of a person.
//
// The sandbox plays them to the product and tests feed them to detectors. Frequencies and cadences are those
// of ITU-T E.180 supplement 2 (various tones used in national networks); EU stands for the 425 Hz that most
// of Europe uses.
#pragma once

#include <vector>

#include "audio/pcm.hpp"
#include "base/random.hpp"

namespace callramp::audio {

/// One sound of a cadence. An empty list of frequencies is silence.
struct ToneStep {
  std::vector<double> frequencies_hz;
  milliseconds length{0};
  /// Amplitude modulation of 100 %, as India's ringing tone has it (400 Hz by 25 Hz); 0 for none.
  double modulation_hz = 0;
};
using Cadence = std::vector<ToneStep>;

enum class ToneCountry { india, us, eu };

/// Network tones lie at about -13 dBm0, which is -19 dBov.
inline constexpr double tone_level_dbov = -19.0;

/// The cadence over and over until `length` is full, each step with 2 ms ramps so that it does not click.
Pcm play_cadence(const Cadence& cadence, Duration length, double level_dbov = tone_level_dbov);

Cadence ringback(ToneCountry country);
Cadence busy(ToneCountry country);
/// Special information tone: 950, 1400, 1800 Hz, 330 ms each (ITU-T E.180), then a second of silence.
Cadence special_information();
/// One voicemail beep; 1000 Hz is the most common one.
Pcm beep(milliseconds length = milliseconds{400}, double frequency_hz = 1000.0, double level_dbov = tone_level_dbov);
Pcm silence(Duration length);
/// White noise.
Pcm noise(Duration length, double level_dbov, Random& random);

}  // namespace callramp::audio

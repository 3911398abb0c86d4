#include "voice/answer_detector/hints.hpp"

#include <doctest/doctest.h>

#include <string>

namespace callramp::voice {
namespace {

TEST_CASE("first words tell who answers") {
  struct Row {
    const char* text;
    Party party;
  };
  for (const Row& row : {
           Row{"Hi, you've reached Priya. Leave a message", Party::machine},
           Row{"your call has been forwarded to an automatic voice message system is not available at the tone please",
               Party::machine},
           Row{"beep ke baad apna sandesh", Party::machine},
           Row{"कृपया बीप के बाद अपना संदेश छोड़ें।", Party::machine},
           Row{"aap jis number par call kar rahe hain", Party::announcement},
           Row{"நீங்கள் தொடர்பு கொள்ளும் வாடிக்கையாளர் தொடர்பு எல்லைக்கு வெளியே", Party::announcement},
           Row{"మీరు కాల్ చేస్తున్న నంబర్ అందుబాటులో లేదు", Party::announcement},
           Row{"ನೀವು ಕರೆ ಮಾಡಿದ ಸಂಖ್ಯೆ ಸ್ವಿಚ್ ಆಫ್ ಆಗಿದೆ", Party::announcement},
           Row{"താങ്കൾ വിളിക്കുന്ന നമ്പർ ഇപ്പോൾ ലഭ്യമല്ല", Party::announcement},
           Row{"আপনি যে নম্বরে কল করেছেন তা এখন ব্যস্ত আছে", Party::announcement},
           Row{"तुम्ही डायल केलेला नंबर उपलब्ध नाही", Party::announcement},
           Row{"તમે ડાયલ કરેલ નંબર વ્યસ્ત છે", Party::announcement},
           Row{"ਤੁਹਾਡੇ ਵੱਲੋਂ ਡਾਇਲ ਕੀਤਾ ਨੰਬਰ ਉਪਲਬਧ ਨਹੀਂ", Party::announcement},
           Row{"Welcome. For English press 1, hindi ke liye do dabaye", Party::ivr},
           Row{"the person you're calling is using a screening service from Google. Please say your name",
               Party::screening},
           Row{"nine eight seven six five four", Party::machine},
           Row{"987654", Party::machine},
           Row{"haan boliye", Party::human},
           Row{"Hello?", Party::human},
           Row{"हैलो कौन", Party::human},
           Row{"who is this", Party::human},
           Row{"tomorrow at 9 would be fine", Party::none},
           Row{"यहां", Party::none},
           Row{"", Party::none},
           Row{"?!", Party::none},
       }) {
    INFO(row.text);
    HintReader reader;
    const Hint hint = reader.read(row.text);
    CHECK(to_string(hint.party) == to_string(row.party));
    if (row.party == Party::human) CHECK(hint.log_odds < 0);
    if (row.party != Party::human && row.party != Party::none) CHECK(hint.log_odds > 0);
  }
}

TEST_CASE("a hello in front of a machine's phrase makes no person of it") {
  HintReader reader;
  CHECK(reader.read("hello").party == Party::human);
  CHECK(reader.read("hello you have reached").party == Party::machine);
}

TEST_CASE("words within words are no hints") {
  HintReader reader;
  CHECK(reader.read("the mailboxes").party == Party::none);
  CHECK(reader.read("othello").party == Party::none);
}

}  // namespace
}  // namespace callramp::voice

#include "voice/answer_detector/hints.hpp"

#include <algorithm>
#include <array>

namespace callramp::voice {

namespace {

// Log-odds by how well a phrase tells. `sure`: nobody answers a call with it. `likely`: people say it, too.
constexpr float sure = 6;
constexpr float likely = 2.5F;
constexpr float person = -4;  // a question or answer to a ringing phone
constexpr float greeting = -2;

struct Phrase {
  std::string_view text;  // lower case, no punctuation
  Party party;
  float log_odds;
};

constexpr auto phrases = std::to_array<Phrase>({
    // Call-screening assistants.
    {"state your name", Party::screening, sure},
    {"say your name", Party::screening, sure},
    {"record your name", Party::screening, sure},
    {"record your name and reason for calling", Party::screening, sure},
    {"reason for calling", Party::screening, sure},
    {"why you re calling", Party::screening, sure},
    {"why you are calling", Party::screening, sure},
    {"see if this person is available", Party::screening, sure},
    {"see if they re available", Party::screening, sure},
    {"screening service", Party::screening, sure},
    {"call assist", Party::screening, sure},
    {"call screen", Party::screening, sure},
    {"using a screening", Party::screening, sure},
    {"google assistant", Party::screening, likely},
    {"truecaller assistant", Party::screening, sure},
    {"virtual assistant", Party::screening, likely},
    {"digital assistant", Party::screening, likely},
    {"screening this call", Party::screening, sure},
    {"apna naam batayein", Party::screening, likely},
    {"apne call karne ka karan", Party::screening, sure},
    {"कॉल करने का कारण", Party::screening, sure},
    // Voicemail.
    {"leave a message", Party::machine, sure},
    {"leave me a message", Party::machine, sure},
    {"leave your message", Party::machine, sure},
    {"leave us a message", Party::machine, sure},
    {"leave your name", Party::machine, sure},
    {"leave a brief message", Party::machine, sure},
    {"leave a detailed message", Party::machine, sure},
    {"record your message", Party::machine, sure},
    {"record a message", Party::machine, sure},
    {"after the tone", Party::machine, sure},
    {"after the beep", Party::machine, sure},
    {"at the tone", Party::machine, sure},
    {"at the beep", Party::machine, sure},
    {"voicemail", Party::machine, sure},
    {"voice mail", Party::machine, sure},
    {"voice mailbox", Party::machine, sure},
    {"mailbox", Party::machine, sure},
    {"answering machine", Party::machine, likely},
    {"you ve reached", Party::machine, sure},
    {"you have reached", Party::machine, sure},
    {"can t take your call", Party::machine, sure},
    {"can t come to the phone", Party::machine, sure},
    {"cannot come to the phone", Party::machine, sure},
    {"cannot take your call", Party::machine, sure},
    {"unable to take your call", Party::machine, sure},
    {"unable to answer", Party::machine, sure},
    {"unable to come to the phone", Party::machine, sure},
    {"not available to take your call", Party::machine, sure},
    {"is not available", Party::machine, likely},
    {"get back to you", Party::machine, likely},
    {"call you back as soon as", Party::machine, sure},
    {"return your call", Party::machine, sure},
    {"missed your call", Party::machine, likely},
    {"beep ke baad", Party::machine, sure},
    {"tone ke baad", Party::machine, sure},
    {"sandesh chhod", Party::machine, sure},
    {"sandesh chod", Party::machine, sure},
    {"message chhod", Party::machine, likely},
    {"apna sandesh", Party::machine, sure},
    {"apna message record", Party::machine, sure},
    {"बीप के बाद", Party::machine, sure},
    {"टोन के बाद", Party::machine, sure},
    {"संदेश छोड़", Party::machine, sure},
    {"अपना संदेश", Party::machine, sure},
    {"संदेश रिकॉर्ड", Party::machine, sure},
    {"वॉइसमेल", Party::machine, sure},
    {"deje su mensaje", Party::machine, sure},
    {"deje un mensaje", Party::machine, sure},
    {"laissez un message", Party::machine, sure},
    // Operators' announcements.
    {"the number you have dialed", Party::announcement, sure},
    {"the number you have dialled", Party::announcement, sure},
    {"the number you are calling", Party::announcement, sure},
    {"the number you are trying", Party::announcement, sure},
    {"the person you are calling", Party::announcement, sure},
    {"the person you are trying to reach", Party::announcement, sure},
    {"the subscriber you", Party::announcement, sure},
    {"the customer you are", Party::announcement, sure},
    {"the airtel customer", Party::announcement, sure},
    {"the jio customer", Party::announcement, sure},
    {"your call cannot be completed", Party::announcement, sure},
    {"currently switched off", Party::announcement, sure},
    {"is switched off", Party::announcement, sure},
    {"not reachable", Party::announcement, sure},
    {"out of coverage", Party::announcement, sure},
    {"out of service", Party::announcement, likely},
    {"does not exist", Party::announcement, sure},
    {"not in service", Party::announcement, sure},
    {"not answering", Party::announcement, likely},
    {"currently busy", Party::announcement, sure},
    {"on another call", Party::announcement, likely},
    {"please try again later", Party::announcement, sure},
    {"please try after some time", Party::announcement, sure},
    {"incoming calls", Party::announcement, likely},
    {"jis number par", Party::announcement, sure},
    {"jis number ko", Party::announcement, sure},
    {"jis vyakti", Party::announcement, sure},
    {"jis upbhokta", Party::announcement, sure},
    {"dial kiya gaya number", Party::announcement, sure},
    {"dwara dial kiya", Party::announcement, sure},
    {"sampark nahi", Party::announcement, sure},
    {"sampark nahin", Party::announcement, sure},
    {"uplabdh nahi", Party::announcement, sure},
    {"uplabdh nahin", Party::announcement, sure},
    {"abhi vyast hai", Party::announcement, sure},
    {"is samay vyast", Party::announcement, sure},
    {"switch off hai", Party::announcement, sure},
    {"band hai", Party::announcement, likely},
    {"pahunch se bahar", Party::announcement, sure},
    {"kripya thodi der baad", Party::announcement, sure},
    {"kripya kuch samay baad", Party::announcement, sure},
    {"kripaya thodi der", Party::announcement, sure},
    {"जिस नंबर", Party::announcement, sure},
    {"जिस व्यक्ति", Party::announcement, sure},
    {"डायल किया गया", Party::announcement, sure},
    {"डायल किया है", Party::announcement, sure},
    {"संपर्क नहीं", Party::announcement, sure},
    {"उपलब्ध नहीं", Party::announcement, sure},
    {"व्यस्त है", Party::announcement, sure},
    {"स्विच ऑफ", Party::announcement, sure},
    {"पहुंच से बाहर", Party::announcement, sure},
    {"पहुँच से बाहर", Party::announcement, sure},
    {"कृपया थोड़ी देर", Party::announcement, sure},
    {"कृपया कुछ समय", Party::announcement, sure},
    // Marathi, Gujarati, Punjabi, Bengali, Tamil, Telugu, Kannada, Malayalam: unavailable, busy, switched off, later.
    {"उपलब्ध नाही", Party::announcement, sure},
    {"संपर्क क्षेत्राच्या बाहेर", Party::announcement, sure},
    {"कृपया थोड्या वेळाने", Party::announcement, sure},
    {"thodya velane", Party::announcement, sure},
    {"ઉપલબ્ધ નથી", Party::announcement, sure},
    {"વ્યસ્ત છે", Party::announcement, sure},
    {"સંપર્ક થઈ શકતો નથી", Party::announcement, sure},
    {"uplabdh nathi", Party::announcement, sure},
    {"vyast chhe", Party::announcement, sure},
    {"ਉਪਲਬਧ ਨਹੀਂ", Party::announcement, sure},
    {"ਸੰਪਰਕ ਨਹੀਂ", Party::announcement, sure},
    {"ਰੁੱਝਿਆ", Party::announcement, sure},
    {"সংযোগ দেওয়া সম্ভব", Party::announcement, sure},
    {"সংযোগ করা সম্ভব", Party::announcement, sure},
    {"ব্যস্ত আছে", Party::announcement, sure},
    {"উপলব্ধ নেই", Party::announcement, sure},
    {"বন্ধ আছে", Party::announcement, sure},
    {"sanjog deoa sambhab", Party::announcement, sure},
    {"byasta ache", Party::announcement, sure},
    {"தொடர்பு கொள்ள இயலவில்லை", Party::announcement, sure},
    {"தொடர்பு எல்லைக்கு வெளியே", Party::announcement, sure},
    {"அணைத்து வைக்கப்பட்டுள்ளது", Party::announcement, sure},
    {"பிஸியாக உள்ளார்", Party::announcement, sure},
    {"சிறிது நேரம் கழித்து", Party::announcement, sure},
    {"thodarbu kolla", Party::announcement, sure},
    {"sirithu neram kazhithu", Party::announcement, sure},
    {"అందుబాటులో లేదు", Party::announcement, sure},
    {"అందుబాటులో లేరు", Party::announcement, sure},
    {"స్విచ్ ఆఫ్", Party::announcement, sure},
    {"కొంత సమయం తర్వాత", Party::announcement, sure},
    {"andubatulo ledu", Party::announcement, sure},
    {"andubaatulo ledu", Party::announcement, sure},
    {"ಸಂಪರ್ಕಿಸಲು ಸಾಧ್ಯವಾಗುತ್ತಿಲ್ಲ", Party::announcement, sure},
    {"ವ್ಯಾಪ್ತಿ ಪ್ರದೇಶದ ಹೊರಗೆ", Party::announcement, sure},
    {"ಸ್ವಿಚ್ ಆಫ್", Party::announcement, sure},
    {"ಸ್ವಲ್ಪ ಸಮಯದ ನಂತರ", Party::announcement, sure},
    {"samparkisalu sadhya", Party::announcement, sure},
    {"പരിധിക്ക് പുറത്താണ്", Party::announcement, sure},
    {"ലഭ്യമല്ല", Party::announcement, sure},
    {"സ്വിച്ച് ഓഫ്", Party::announcement, sure},
    {"തിരക്കിലാണ്", Party::announcement, sure},
    {"അൽപസമയത്തിന് ശേഷം", Party::announcement, sure},
    {"paridhikku purathanu", Party::announcement, sure},
    // Menus.
    {"press one", Party::ivr, sure},
    {"press 1", Party::ivr, sure},
    {"press two", Party::ivr, sure},
    {"press 2", Party::ivr, sure},
    {"press zero", Party::ivr, sure},
    {"press the pound", Party::ivr, sure},
    {"press pound", Party::ivr, sure},
    {"press star", Party::ivr, sure},
    {"press any key", Party::ivr, sure},
    {"dial zero", Party::ivr, sure},
    {"thank you for calling", Party::ivr, sure},
    {"thanks for calling", Party::ivr, likely},
    {"for english", Party::ivr, sure},
    {"following options", Party::ivr, sure},
    {"menu options", Party::ivr, sure},
    {"please hold", Party::ivr, likely},
    {"your call is important", Party::ivr, sure},
    {"this call may be recorded", Party::ivr, sure},
    {"this call is being recorded", Party::ivr, sure},
    {"calls may be recorded", Party::ivr, sure},
    {"next available agent", Party::ivr, sure},
    {"next available representative", Party::ivr, sure},
    {"know your party s extension", Party::ivr, sure},
    {"enter your", Party::ivr, likely},
    {"welcome to", Party::ivr, likely},
    {"ke liye ek dabaye", Party::ivr, sure},
    {"ek dabaye", Party::ivr, sure},
    {"ek dabayen", Party::ivr, sure},
    {"do dabaye", Party::ivr, sure},
    {"dabaye", Party::ivr, likely},
    {"एक दबाएं", Party::ivr, sure},
    {"एक दबाएँ", Party::ivr, sure},
    {"दो दबाएं", Party::ivr, sure},
    {"हिंदी के लिए", Party::ivr, sure},
    {"में आपका स्वागत है", Party::ivr, sure},
    {"aapka swagat hai", Party::ivr, likely},
    {"கீழ்க்கண்ட", Party::ivr, likely},
    {"ஒன்றை அழுத்தவும்", Party::ivr, sure},
    {"ఒకటి నొక్కండి", Party::ivr, sure},
    {"ಒಂದನ್ನು ಒತ್ತಿ", Party::ivr, sure},
    {"ഒന്ന് അമർത്തുക", Party::ivr, sure},
    {"১ টিপুন", Party::ivr, sure},
    {"एक दाबा", Party::ivr, sure},
    // People: questions to a caller, and what one says into a ringing phone.
    {"who is this", Party::human, person},
    {"who s this", Party::human, person},
    {"who s calling", Party::human, greeting},
    {"who are you", Party::human, person},
    {"who s speaking", Party::human, person},
    {"what do you want", Party::human, person},
    {"speaking", Party::human, greeting},
    {"can you hear me", Party::human, person},
    {"i can t hear you", Party::human, person},
    {"hello hello", Party::human, person},
    {"yes hello", Party::human, person},
    {"yeah hello", Party::human, person},
    {"wrong number", Party::human, person},
    {"kaun", Party::human, person},
    {"kaun bol", Party::human, person},
    {"boliye", Party::human, person},
    {"bolo", Party::human, person},
    {"haan ji", Party::human, person},
    {"haanji", Party::human, person},
    {"haan", Party::human, greeting},
    {"ji", Party::human, greeting},
    {"kya kaam", Party::human, person},
    {"kahan se", Party::human, person},
    {"कौन", Party::human, person},
    {"बोलिए", Party::human, person},
    {"बोलिये", Party::human, person},
    {"हाँ", Party::human, greeting},
    {"हां", Party::human, greeting},
    {"कहाँ से", Party::human, person},
    {"yaaru", Party::human, person},
    {"யாரு", Party::human, person},
    {"சொல்லுங்க", Party::human, person},
    {"sollunga", Party::human, person},
    {"evaru", Party::human, person},
    {"ఎవరు", Party::human, person},
    {"cheppandi", Party::human, person},
    {"చెప్పండి", Party::human, person},
    {"heli", Party::human, greeting},
    {"ಯಾರು", Party::human, person},
    {"ഹലോ", Party::human, greeting},
    {"ആരാ", Party::human, person},
    {"ke bolchen", Party::human, person},
    {"কে বলছেন", Party::human, person},
    {"kon boltay", Party::human, person},
    {"कोण", Party::human, person},
    {"કોણ", Party::human, person},
    {"ਕੌਣ", Party::human, person},
    {"hello", Party::human, greeting},
    {"हैलो", Party::human, greeting},
    {"हेलो", Party::human, greeting},
    {"हलो", Party::human, greeting},
    {"ஹலோ", Party::human, greeting},
    {"హలో", Party::human, greeting},
    {"ಹಲೋ", Party::human, greeting},
    {"হ্যালো", Party::human, greeting},
    {"હેલો", Party::human, greeting},
    {"ਹੈਲੋ", Party::human, greeting},
});

constexpr auto digit_words = std::to_array<std::string_view>(
    {"zero",   "oh", "one", "two",  "three", "four",  "five",   "six",   "seven", "eight", "nine", "double", "triple",
     "shunya", "ek", "do",  "teen", "char",  "chaar", "paanch", "panch", "chhe",  "chhah", "saat", "aath",   "nau",
     "शून्य",    "एक", "दो",  "तीन",  "चार",   "पांच",   "पाँच",    "छह",    "छः",    "सात",   "आठ",   "नौ"});

// A recording reads a number out; people who answer do not. Five: a time of day or a house number is shorter.
constexpr int many_digits = 5;
constexpr float by_digits = 3;
// People greet with a few words; what goes on for longer without one phrase of the table is rather a person who talks.
constexpr int few_words = 4;
constexpr float by_plain_words = -1.2F;

bool is_latin(std::string_view text) { return static_cast<unsigned char>(text.front()) < 0x80; }

int digits_in(std::string_view word) {
  if (std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; }))
    return static_cast<int>(word.size());
  return std::find(digit_words.begin(), digit_words.end(), word) != digit_words.end() ? 1 : 0;
}

}  // namespace

std::string_view to_string(Party party) noexcept {
  switch (party) {
    case Party::none: return "none";
    case Party::human: return "human";
    case Party::machine: return "machine";
    case Party::ivr: return "ivr";
    case Party::announcement: return "announcement";
    case Party::screening: return "screening";
  }
  return "none";
}

std::size_t hint_phrase_count() noexcept { return phrases.size(); }

HintReader::HintReader() { plain_.reserve(1024); }

Hint HintReader::read(std::string_view text) {
  plain_.assign(1, ' ');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool kept = byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : kept ? c : ' ';
    if (lower != ' ' || plain_.back() != ' ') plain_ += lower;
  }
  // The danda ends sentences in Indian scripts, the typographic apostrophe stands in English ones.
  for (const std::string_view mark : {"।", "’"})
    for (std::size_t at = plain_.find(mark); at != std::string::npos; at = plain_.find(mark, at))
      plain_.replace(at, mark.size(), " ");
  if (plain_.back() != ' ') plain_ += ' ';

  Hint hint;
  int run = 0;
  for (std::size_t at = 1; at < plain_.size();) {
    const std::size_t end = plain_.find(' ', at);
    const std::string_view word = std::string_view(plain_).substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    ++hint.words;
    const int digits = digits_in(word);
    run = digits == 0 ? 0 : run + digits;
    hint.longest_digits = std::max(hint.longest_digits, run);
  }
  const std::string_view plain = plain_;
  for (const Phrase& phrase : phrases) {
    if (phrase.log_odds < 0 && hint.words > (phrase.log_odds == greeting ? few_words : 2 * few_words)) continue;
    std::size_t at = plain.find(phrase.text);
    // Indian scripts join endings to words; what a person says is short and stands alone.
    const bool whole = is_latin(phrase.text) || phrase.party == Party::human;
    while (at != std::string_view::npos && (plain[at - 1] != ' ' || (whole && plain[at + phrase.text.size()] != ' ')))
      at = plain.find(phrase.text, at + 1);
    if (at == std::string_view::npos) continue;
    // A recording may begin with hello; a person does not say "after the beep". The strongest recorded phrase decides.
    const bool better = phrase.log_odds > 0 ? phrase.log_odds > std::max(hint.log_odds, 0.0F)
                                            : hint.log_odds <= 0 && phrase.log_odds < hint.log_odds;
    if (!better) continue;
    hint.party = phrase.party;
    hint.phrase = phrase.text;
    hint.log_odds = phrase.log_odds;
  }
  if (hint.log_odds <= 0 && hint.longest_digits >= many_digits) {
    hint.party = Party::machine;
    hint.phrase = {};
    hint.log_odds = by_digits;
  } else if (hint.party == Party::none && hint.words >= few_words) {
    hint.log_odds = by_plain_words;
  }
  return hint;
}

}  // namespace callramp::voice

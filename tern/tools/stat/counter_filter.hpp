#pragma once
// Which counters to show, in the words of upstream's AeronStat (TLG-2.1):
//
//     type=^[1-5]$ session=12345 channel=localhost
//
// Each pattern is a regular expression that is searched for, not anchored. type: the decimal type
// id. identity: the system counter's id, or the registration id of a stream's counter. session,
// stream: decimal. channel: the channel as far as the counter's key has it. label (not upstream's):
// the label, of any counter.

#include <map>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "tern/tools/stat/counter_samples.hpp"

namespace tern::tools {

class CounterFilter {
  public:
    CounterFilter() = default;
    /// Throws ConfigurationError, naming the word, when it is not NAME=PATTERN, the name is none
    /// of the above, or the pattern is no regular expression.
    explicit CounterFilter(const std::vector<std::string>& words);

    [[nodiscard]] bool matches(const CounterSample& counter) const;

  private:
    [[nodiscard]] bool found(std::string_view name, std::string_view text) const;
    [[nodiscard]] bool matches_key(const CounterSample& counter) const;

    std::map<std::string, std::regex, std::less<>> patterns_;
};

}  // namespace tern::tools

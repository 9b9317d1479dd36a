// The hash of a run must not depend on who compiled it, and must tell any two runs apart.

#include "tern/platform/sim/timeline.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace tern::platform::sim {
namespace {

std::string some_text(std::size_t length) {
    std::string text(length, '\0');
    for (std::size_t i = 0; i < length; ++i) text[i] = static_cast<char>(i * 7 + 1);
    return text;
}

TEST(HashOf, IsTheSameEverywhere) {
    EXPECT_EQ(hash_of(std::string_view()), 16294208416658607535U);
    EXPECT_EQ(hash_of("aeron"), 4982182332170189598U);
    EXPECT_EQ(hash_of(some_text(100)), 15328590891982077052U);
}

TEST(HashOf, ChangesWithEveryBitAndWithTheLength) {
    std::set<std::uint64_t> seen;
    std::size_t count = 0;
    for (std::size_t length = 0; length <= 140; ++length) {
        seen.insert(hash_of(std::string(length, '\0')));
        ++count;
    }
    std::string text = some_text(140);
    for (char& byte : text) {
        for (int bit = 0; bit < 8; ++bit, ++count) {
            byte = static_cast<char>(byte ^ (1 << bit));
            seen.insert(hash_of(text));
            byte = static_cast<char>(byte ^ (1 << bit));
        }
    }
    EXPECT_EQ(seen.size(), count);
}

TEST(Timeline, TellsRunsApartByEventOrderAndContent) {
    std::set<std::uint64_t> hashes;
    const auto run = [&](auto&& events) {
        Timeline timeline;
        events(timeline);
        hashes.insert(timeline.hash());
    };
    run([](Timeline&) {});
    run([](Timeline& timeline) { timeline.note(Event::turn); });
    run([](Timeline& timeline) { timeline.note(Event::turn, 1, 2, 3); });
    run([](Timeline& timeline) { timeline.note(Event::turn, 3, 2, 1); });
    run([](Timeline& timeline) { timeline.note(Event::crash, 1, 2, 3); });
    run([](Timeline& timeline) {
        timeline.note(Event::turn);
        timeline.note(Event::crash);
    });
    run([](Timeline& timeline) {
        timeline.note(Event::crash);
        timeline.note(Event::turn);
    });
    EXPECT_EQ(hashes.size(), 7U);
}

}  // namespace
}  // namespace tern::platform::sim

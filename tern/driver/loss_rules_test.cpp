// What is lost on purpose.
#include "tern/driver/loss_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tern/base/error.hpp"
#include "tern/wire/data_header.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::driver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int32_t kTerm = 5;

std::vector<std::byte> data(std::int32_t offset, std::size_t length, std::int32_t session = 1) {
    std::vector<std::byte> datagram(length);
    wire::DataHeader header{};
    header.frame_length = static_cast<std::int32_t>(length);
    header.type = wire::kDataFrameType;
    header.term_offset = offset;
    header.session_id = session;
    header.term_id = kTerm;
    store(datagram.data(), header);
    return datagram;
}

bool lost(std::vector<std::unique_ptr<LossRule>>& rules, ConstBytes datagram) {
    return std::ranges::any_of(rules, [&](const auto& rule) { return rule->loses(datagram); });
}

/// Offsets of datagrams of 1,024 bytes that are lost when all of the term's come in order.
std::vector<std::int32_t> lost_of_term(std::vector<std::unique_ptr<LossRule>>& rules) {
    std::vector<std::int32_t> offsets;
    for (std::int32_t offset = 0; offset < 65'536; offset += 1'024) {
        if (lost(rules, data(offset, 1'024))) offsets.push_back(offset);
    }
    return offsets;
}

TEST(LossRules, random_loss_draws_what_erand48_draws) {
    auto rules = make_loss_rules(
        {.interceptors = "loss", .loss_args = "rate=0.1|seed=3405691582|recv-msg-mask=0x2"});
    constexpr std::uint64_t kSeed = 3'405'691'582;
    std::array<unsigned short, 3> state = {(kSeed >> 32) & 0xFFFF, (kSeed >> 16) & 0xFFFF,
                                           kSeed & 0xFFFF};
    int count = 0;
    for (int i = 0; i < 10'000; ++i) {
        const bool expected = ::erand48(state.data()) <= 0.1;
        ASSERT_EQ(lost(rules, data(0, 64)), expected) << i;
        count += expected ? 1 : 0;
        ASSERT_FALSE(lost(rules, wire::encode(wire::SetupFrame{}).bytes()));
        ASSERT_FALSE(lost(rules, wire::encode(wire::StatusMessage{}).bytes()));
    }
    EXPECT_NEAR(count, 1'000, 150);
}

TEST(LossRules, of_control_frames_those_in_the_mask_are_lost) {
    auto rules =
        make_loss_rules({.interceptors = "loss", .loss_args = "rate=1.0|seed=1|recv-msg-mask=4c"});
    EXPECT_TRUE(lost(rules, wire::encode(wire::StatusMessage{}).bytes()));
    EXPECT_TRUE(lost(rules, wire::encode(wire::NakFrame{}).bytes()));
    EXPECT_TRUE(lost(rules, wire::encode(wire::RttmFrame{}).bytes()));
    EXPECT_FALSE(lost(rules, data(0, 64)));
}

TEST(LossRules, fixed_loss_loses_all_up_to_the_end_of_its_range_once) {
    auto rules = make_loss_rules(
        {.interceptors = "fixed-loss", .fixed_loss_args = "term-id=5|term-offset=102|length=3000"});
    EXPECT_THAT(lost_of_term(rules), ElementsAre(0, 1'024, 2'048, 3'072));
    EXPECT_THAT(lost_of_term(rules), ElementsAre());
    EXPECT_TRUE(lost(rules, data(0, 1'024, 2))) << "of another session";
    auto other = data(4'096, 1'024, 3);
    EXPECT_FALSE(lost(rules, other)) << "behind the range";
}

TEST(LossRules, multi_gap_loss_makes_a_gap_at_every_multiple_of_the_radix_once) {
    auto rules = make_loss_rules(
        {.interceptors = "multi-gap-loss",
         .multi_gap_loss_args = "term-id=5|gap-radix=10000|gap-length=128|total-gaps=3"});
    EXPECT_THAT(lost_of_term(rules), ElementsAre(16'384)) << "the radix is a power of two";
    EXPECT_THAT(lost_of_term(rules), ElementsAre());
    EXPECT_TRUE(lost(rules, data(15'872, 1'024, 2))) << "it reaches into the gap";
    EXPECT_TRUE(lost(rules, data(16'896 - 448, 1'024, 3))) << "it begins within the gap";
    EXPECT_FALSE(lost(rules, data(16'384 + 128, 1'024, 4)));
}

TEST(LossRules, what_is_not_known_or_missing_is_refused) {
    const auto refuses = [](const LossConfig& config, const std::string& why) {
        EXPECT_THAT([&] { static_cast<void>(make_loss_rules(config)); },
                    ThrowsMessage<ConfigurationError>(HasSubstr(why)));
    };
    refuses({.interceptors = "loss,delay"}, "unknown interceptor \"delay\"");
    refuses({.interceptors = "loss", .loss_args = "rate=often"}, "rate=often");
    refuses({.interceptors = "fixed-loss", .fixed_loss_args = "term-id=1|length=1"},
            "term-offset is missing");
    refuses({.interceptors = "loss,loss,loss,loss,loss,loss,loss,loss,loss,loss,loss"},
            "more than 10 interceptors");
    EXPECT_TRUE(make_loss_rules({}).empty());
    EXPECT_EQ(make_loss_rules({.interceptors = "loss,loss"}).size(), 2U);
}

}  // namespace
}  // namespace tern::driver

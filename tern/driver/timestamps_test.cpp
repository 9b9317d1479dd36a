// Timestamps in messages: which messages, where, and which channels may share an endpoint.
#include "tern/driver/timestamps.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tern/driver/testing/pair.hpp"

namespace tern::driver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::int64_t kTime = 0x0102030405060708;

TimestampOffsets parse(std::string_view parameters) {
    return TimestampOffsets::parse(
        wire::ChannelUri::parse("aeron:udp?endpoint=localhost:1|" + std::string(parameters)));
}

/// Two messages of 40 bytes in one datagram.
std::vector<std::byte> datagram(std::uint8_t flags = wire::data_flags::kUnfragmented) {
    std::vector<std::byte> bytes(2 * 96);
    for (const std::size_t at : {0UL, 96UL}) {
        wire::DataHeader header{};
        header.frame_length = 72;
        header.flags = flags;
        header.type = wire::kDataFrameType;
        store(bytes.data() + at, header);
    }
    return bytes;
}

std::int64_t at(const std::vector<std::byte>& bytes, std::size_t offset) {
    return load<std::int64_t>(bytes.data() + offset);
}

TEST(Timestamps, offsets_are_read_from_the_channel) {
    const TimestampOffsets none = parse("mtu=1408");
    EXPECT_EQ(none.media_receive, kNoTimestamp);
    EXPECT_EQ(none.channel_receive, kNoTimestamp);
    EXPECT_EQ(none.channel_send, kNoTimestamp);
    const TimestampOffsets all =
        parse("media-rcv-ts-offset=reserved|channel-rcv-ts-offset=0x10|channel-snd-ts-offset=8");
    EXPECT_EQ(all.media_receive, kReservedValueTimestamp);
    EXPECT_EQ(all.channel_receive, 16);
    EXPECT_EQ(all.channel_send, 8);
    EXPECT_EQ(parse("channel-snd-ts-offset=-3").channel_send, kNoTimestamp);
}

TEST(Timestamps, what_is_no_offset_and_what_overlaps_is_refused) {
    EXPECT_THAT([] { static_cast<void>(parse("media-rcv-ts-offset=soon")); },
                ThrowsMessage<Error>(HasSubstr("Invalid media-rcv-ts-offset: soon")));
    EXPECT_THAT([] { static_cast<void>(parse("channel-rcv-ts-offset=0|channel-snd-ts-offset=7")); },
                ThrowsMessage<Error>("channel-rcv-ts-offset and channel-snd-ts-offset overlap"));
    EXPECT_NO_THROW(static_cast<void>(parse("channel-rcv-ts-offset=0|channel-snd-ts-offset=8")));
}

TEST(Timestamps, only_the_first_message_of_a_datagram_is_stamped) {
    auto bytes = datagram();
    stamp(bytes, 32, kTime);  // its last 8 bytes
    EXPECT_EQ(at(bytes, 32 + 32), kTime);
    EXPECT_EQ(at(bytes, 96 + 32 + 32), 0);
    stamp(bytes, kReservedValueTimestamp, kTime);
    EXPECT_EQ(at(bytes, 24), kTime);
    EXPECT_EQ(at(bytes, 96 + 24), 0);
}

TEST(Timestamps, what_does_not_fit_the_message_is_not_written) {
    auto bytes = datagram();
    const auto before = bytes;
    stamp(bytes, 33, kTime);
    stamp(bytes, 64, kTime);
    stamp(bytes, INT32_MAX, kTime);
    stamp(bytes, kNoTimestamp, kTime);
    stamp(Bytes(bytes).first(20), kReservedValueTimestamp, kTime);
    EXPECT_EQ(bytes, before);
}

TEST(Timestamps, heartbeats_padding_and_later_fragments_are_left_alone) {
    auto later = datagram(wire::data_flags::kEnd);
    auto heartbeat = datagram();
    store(heartbeat.data(), std::int32_t{0});
    auto padding = datagram();
    store(padding.data() + 6, wire::kPadFrameType);
    for (auto bytes : {later, heartbeat, padding}) {
        const auto before = bytes;
        stamp(bytes, kReservedValueTimestamp, kTime);
        stamp(bytes, 0, kTime);
        EXPECT_EQ(bytes, before);
    }
}

TEST(Timestamps, an_endpoint_is_shared_only_by_channels_that_agree) {
    const auto check = [](TimestampOffset existing, TimestampOffset requested) {
        check_timestamps_agree("channel-snd-ts-offset", existing, "aeron:udp?a=1", requested,
                               "aeron:udp?b=1");
    };
    EXPECT_NO_THROW(check(8, 8));
    EXPECT_THAT([&] { check(8, kNoTimestamp); },
                ThrowsMessage<Error>("option conflicts with existing subscription: "
                                     "channel-snd-ts-offset=-1 (not specified) "
                                     "existingChannel=aeron:udp?a=1 channel=aeron:udp?b=1"));
    EXPECT_THAT([&] { check(8, kReservedValueTimestamp); },
                ThrowsMessage<Error>(HasSubstr("=-8 (reserved) existing")));
}

TEST(Timestamps, sender_and_receiver_stamp_the_messages_of_a_stream) {
    Pair pair({.publication_uri = "aeron:udp?endpoint=127.0.0.1:24401|channel-snd-ts-offset=0",
               .subscription_uri = "aeron:udp?endpoint=127.0.0.1:24401|channel-rcv-ts-offset=8|"
                                   "media-rcv-ts-offset=16"});
    ASSERT_TRUE(pair.connect());
    pair.world.network.arrival_time_ns = 42;
    pair.publish(std::vector<std::byte>(100));
    const std::int64_t before_ns = pair.world.clock.now_ns;
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return !pair.messages.empty();
    }));
    const auto& message = pair.messages.front();
    EXPECT_GE(at(message, 0), before_ns);
    EXPECT_GE(at(message, 8), at(message, 0));
    EXPECT_LE(at(message, 8), pair.world.clock.now_ns);
    EXPECT_EQ(at(message, 16), 42);
    EXPECT_EQ(at(message, 24), 0);
}

TEST(Timestamps, every_datagram_of_a_train_is_stamped_and_again_when_it_is_sent_again) {
    Pair pair({.publication_uri = "aeron:udp?endpoint=127.0.0.1:24401|channel-snd-ts-offset=0"});
    ASSERT_TRUE(pair.connect());
    std::int64_t lost_ns = 0;
    pair.world.network.drop = [&](const SentDatagram& sent) {
        const bool is_fourth =
            wire::decode_frame_header(sent.bytes)->type == wire::kDataFrameType &&
            load<std::int32_t>(sent.bytes.data() + 8) == 3 * 1056;
        if (!is_fourth || lost_ns != 0) return false;
        lost_ns = at(sent.bytes, 32);
        return true;
    };
    for (int i = 0; i < 8; ++i) {
        ASSERT_GT(pair.appender.append(pair.publication_counters.publisher_limit.get(),
                                       std::vector<std::byte>(1'000)),
                  0);
    }
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 8;
    }));
    for (const std::size_t i : {0UL, 1UL, 2UL, 4UL, 7UL}) {
        EXPECT_EQ(at(pair.messages[i], 0), lost_ns) << "one train, message " << i;
    }
    EXPECT_GT(at(pair.messages[3], 0), lost_ns);
}

}  // namespace
}  // namespace tern::driver::testing

// Bytes from the network are never trusted: whatever arrives, the data path drops and counts it.
#include <gtest/gtest.h>

#include <random>

#include "tern/driver/testing/pair.hpp"
#include "tern/platform/sim/damage.hpp"

namespace tern::driver::testing {
namespace {

using memory::SystemCounter;

const auto kStranger = platform::SocketAddress::ipv4({127, 0, 0, 1}, 9);

class Garbage : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(pair.connect()); }

    void at_receiver(ConstBytes datagram) {
        pair.receive_endpoint.on_datagram(*pair.receive_endpoint.destinations().front(), datagram,
                                          kStranger, pair.world.clock.now_ns, pair.world.requests);
    }
    void at_sender(ConstBytes datagram) {
        pair.send_endpoint.on_control_datagram(datagram, kStranger, pair.world.clock.now_ns,
                                               pair.world.requests);
    }
    std::int64_t invalid() const { return pair.world.counters[SystemCounter::invalid_packets]; }
    /// A DATA frame with this much payload that fits the stream at its very position.
    std::vector<std::byte> data(std::int32_t term_offset, std::size_t length) const {
        std::vector<std::byte> datagram(length);
        wire::DataHeader header{};
        header.frame_length = static_cast<std::int32_t>(length);
        header.flags = wire::data_flags::kUnfragmented;
        header.type = wire::kDataFrameType;
        header.term_offset = term_offset;
        header.session_id = kSessionId;
        header.stream_id = kStreamId;
        header.term_id = pair.options.initial_term_id;
        store(datagram.data(), header);
        return datagram;
    }
    template <typename Frame>
    std::vector<std::byte> of_stream(Frame frame) const {
        frame.session_id = kSessionId;
        frame.stream_id = kStreamId;
        const auto encoded = wire::encode(frame);
        return {encoded.bytes().begin(), encoded.bytes().end()};
    }

    Pair pair;
};

TEST_F(Garbage, every_frame_cut_short_is_counted_and_dropped) {
    const auto cut_at_sender = [&](const std::vector<std::byte>& frame) {
        for (std::size_t length = 0; length < frame.size(); ++length) {
            const std::int64_t before = invalid();
            at_sender(ConstBytes(frame).first(length));
            EXPECT_EQ(invalid(), before + 1) << "length " << length;
        }
    };
    cut_at_sender(of_stream(wire::NakFrame{}));
    cut_at_sender(of_stream(wire::StatusMessage{}));
    cut_at_sender(of_stream(wire::RttmFrame{}));
    cut_at_sender(of_stream(wire::ResponseSetupFrame{}));
    std::vector<std::byte> error(wire::ErrorFrame::kHeaderLength + wire::kMaxErrorTextLength);
    error.resize(wire::encode_error({.session_id = kSessionId, .text = "reason"}, error));
    cut_at_sender(error);

    const auto cut_at_receiver = [&](const std::vector<std::byte>& frame) {
        for (std::size_t length = 0; length < frame.size(); ++length) {
            const std::int64_t before = invalid();
            at_receiver(ConstBytes(frame).first(length));
            EXPECT_EQ(invalid(), before + 1) << "length " << length;
        }
    };
    cut_at_receiver(data(0, 64));
    cut_at_receiver(of_stream(wire::SetupFrame{}));
    cut_at_receiver(of_stream(wire::RttmFrame{}));
}

TEST_F(Garbage, data_that_lies_about_its_place_or_length_is_not_inserted) {
    const auto expect_dropped = [&](const std::vector<std::byte>& datagram, const char* what) {
        const std::int64_t before = invalid();
        at_receiver(datagram);
        EXPECT_EQ(invalid(), before + 1) << what;
    };
    expect_dropped(data(-32, 64), "negative offset");
    expect_dropped(data(16, 64), "unaligned offset");
    expect_dropped(data(pair.options.term_length - 32, 64), "beyond the term");
    expect_dropped(data(INT32_MAX - 31, 64), "far beyond the term");
    auto datagram = data(0, 64);
    store(datagram.data(), std::int32_t{-64});
    expect_dropped(datagram, "negative length");
    store(datagram.data(), std::int32_t{128});
    expect_dropped(datagram, "longer than the datagram");
    store(datagram.data(), std::int32_t{16});
    expect_dropped(datagram, "shorter than a header");
    EXPECT_EQ(pair.image_counters.receiver_high_water_mark.get(), 0);
    const Bytes term = pair.image_log->view.term(0);
    EXPECT_TRUE(std::ranges::all_of(term, [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_F(Garbage, data_outside_the_window_is_counted_as_over_and_under_run) {
    at_receiver(data(pair.options.term_length / 2, 64));
    EXPECT_EQ(pair.world.counters[SystemCounter::flow_control_over_runs], 1);
    auto before_initial = data(0, 64);
    store(before_initial.data() + 20, pair.options.initial_term_id - 1);
    at_receiver(before_initial);
    EXPECT_EQ(pair.image_counters.receiver_high_water_mark.get(), 0);
}

TEST_F(Garbage, status_messages_that_cannot_be_of_the_stream_move_nothing) {
    wire::StatusMessage message;
    message.consumption_term_id = pair.options.initial_term_id + 1;
    message.receiver_window_length = INT32_MAX;
    message.receiver_id = 5;
    const std::int64_t limit = pair.publication_counters.sender_limit.get();
    at_sender(of_stream(message));
    EXPECT_EQ(pair.world.counters[SystemCounter::status_messages_rejected], 1);
    message.consumption_term_id = pair.options.initial_term_id;
    message.receiver_window_length = -1;
    at_sender(of_stream(message));
    EXPECT_EQ(invalid(), 1);
    EXPECT_EQ(pair.publication_counters.sender_limit.get(), limit);
}

TEST_F(Garbage, naks_for_what_was_never_sent_are_not_answered) {
    const std::size_t before = pair.world.network.sent.size();
    for (const std::int32_t offset : {-32, 0, 64, 65'536, INT32_MAX}) {
        for (const std::int32_t length : {INT32_MIN, -1, 0, 32, INT32_MAX}) {
            for (const std::int32_t term : {-1, 0, 1}) {
                wire::NakFrame nak;
                nak.term_id = wrapping_add(pair.options.initial_term_id, term);
                nak.term_offset = offset;
                nak.length = length;
                at_sender(of_stream(nak));
            }
        }
    }
    EXPECT_EQ(pair.world.network.sent.size(), before);
    EXPECT_EQ(pair.world.counters[SystemCounter::retransmits_sent], 0);
}

TEST_F(Garbage, setups_that_no_log_can_be_made_for_ask_for_no_image) {
    wire::SetupFrame good;
    good.term_length = 65'536;
    good.mtu_length = 1408;
    const auto try_setup = [&](auto&& spoil) {
        wire::SetupFrame setup = good;
        spoil(setup);
        auto datagram = of_stream(setup);
        store(datagram.data() + 12, std::int32_t{99});  // a session of its own
        at_receiver(datagram);
    };
    try_setup([](auto& setup) { setup.term_length = 65'537; });
    try_setup([](auto& setup) { setup.term_length = -1; });
    try_setup([](auto& setup) { setup.term_offset = 65'568; });
    try_setup([](auto& setup) { setup.term_offset = 1; });
    try_setup([](auto& setup) { setup.active_term_id = -1; });
    EXPECT_EQ(invalid(), 5);
    EXPECT_TRUE(pair.world.requests.images.empty());
}

TEST_F(Garbage, unknown_sessions_are_remembered_up_to_a_bound_only) {
    for (std::int32_t session = 1; session < 20'000; ++session) {
        auto datagram = data(0, 64);
        store(datagram.data() + 12, session);
        at_receiver(datagram);
    }
    const auto elicited = std::ranges::count_if(
        pair.world.network.sent, [](const SentDatagram& sent) { return sent.to == kStranger; });
    EXPECT_EQ(elicited, static_cast<std::ptrdiff_t>(kMaxPendingSetups));
}

/// SETUPs as a publication would send them, of sessions that do not exist.
TEST_F(Garbage, a_flood_of_setups_gets_as_many_images_at_a_time_as_there_may_be) {
    const auto flood = [&](std::int32_t from, std::int32_t to) {
        for (std::int32_t session = from; session < to; ++session) {
            wire::SetupFrame setup;
            setup.session_id = session;
            setup.stream_id = kStreamId;
            setup.term_length = 65'536;
            setup.mtu_length = 1408;
            at_receiver(wire::encode(setup).bytes());
        }
    };
    flood(1, 50'000);
    EXPECT_EQ(pair.world.requests.images.size(), kMaxImagesInProgress);
    flood(1, 50'000);
    EXPECT_EQ(pair.world.requests.images.size(), kMaxImagesInProgress);
    for (const auto& request : std::exchange(pair.world.requests.images, {})) {
        pair.receiver.on_remove_init_in_progress(pair.receive_endpoint, request.setup.stream_id,
                                                 request.setup.session_id);
    }
    pair.publish(std::vector<std::byte>(100));  // the real stream goes on
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 1;
    }));
    flood(50'000, 50'001);
    EXPECT_EQ(pair.world.requests.images.size(), 1U) << "and others may come again";
    pair.world.requests.images.clear();
}

TEST_F(Garbage, images_are_bounded_and_what_is_beyond_is_counted_as_an_error) {
    DataPacketDispatcher& dispatcher = pair.receive_endpoint.dispatcher();
    std::vector<std::unique_ptr<Log>> logs;
    std::vector<std::unique_ptr<PublicationImage>> images;
    const auto log = std::make_unique<Log>(logbuffer::LogParameters{
        .session_id = 1, .stream_id = kStreamId, .term_length = 65'536, .mtu_length = 1408});
    const auto add = [&](std::int32_t session) {
        PublicationImageParams params;
        params.session_id = session;
        params.stream_id = kStreamId;
        images.push_back(std::make_unique<PublicationImage>(
            params, pair.image_counters, log->view, pair.receive_endpoint,
            std::make_unique<StaticWindowCongestionControl>(1'408), FeedbackDelay::none(),
            pair.world.counters.system, pair.world.clock.now_ns));
        ASSERT_TRUE(dispatcher.add_image(*images.back()));
    };
    for (std::int32_t session = 1; dispatcher.has_room_for_image(); ++session) add(session);
    EXPECT_EQ(dispatcher.image_count(kStreamId), static_cast<std::int32_t>(kMaxImages));
    wire::SetupFrame setup;
    setup.session_id = 1 << 20;
    setup.stream_id = kStreamId;
    setup.term_length = 65'536;
    setup.mtu_length = 1408;
    at_receiver(wire::encode(setup).bytes());
    EXPECT_TRUE(pair.world.requests.images.empty());
    ASSERT_EQ(pair.world.errors.size(), 1U);
    EXPECT_TRUE(pair.world.errors.front().starts_with("exceeded image limit=4096"));
    dispatcher.remove_image(*images.back());
    at_receiver(wire::encode(setup).bytes());
    EXPECT_EQ(pair.world.requests.images.size(), 1U);
    pair.world.requests.images.clear();
    for (const auto& image : images) dispatcher.remove_image(*image);
}

/// No receiver offers more than half a term: whoever seems to does not make the sender overrun.
TEST_F(Garbage, a_window_larger_than_half_a_term_counts_as_half_a_term) {
    for (std::int64_t receiver = 0; receiver < 5'000; ++receiver) {
        wire::StatusMessage message;
        message.consumption_term_id = pair.options.initial_term_id;
        message.receiver_window_length = INT32_MAX;
        message.receiver_id = receiver;
        at_sender(of_stream(message));
    }
    EXPECT_EQ(pair.publication_counters.sender_limit.get(), pair.options.term_length / 2);
    for (std::uint32_t i = 0; i < 200; ++i) pair.publish(std::vector<std::byte>(1'000));
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 200;
    }));
    EXPECT_EQ(pair.world.counters[SystemCounter::flow_control_over_runs], 0);
}

TEST_F(Garbage, a_flood_of_naks_does_not_stop_a_stream) {
    for (std::uint32_t i = 0; i < 50; ++i) {
        for (std::int32_t offset = 0; offset < 65'536; offset += 1'024) {
            wire::NakFrame nak;
            nak.term_id = wrapping_add(pair.options.initial_term_id, (offset / 1'024) % 3);
            nak.term_offset = offset;
            nak.length = INT32_MAX;
            at_sender(of_stream(nak));
        }
        pair.publish(std::vector<std::byte>(1'000));
        pair.world.network.sent.clear();
    }
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 50;
    }));
}

TEST_F(Garbage, a_flood_of_round_trips_gets_an_answer_each_and_does_not_stop_a_stream) {
    pair.publish(std::vector<std::byte>(100));
    pair.world.network.sent.clear();
    for (std::int64_t i = 0; i < 10'000; ++i) {
        wire::RttmFrame request;
        request.header.flags = i % 2 == 0 ? wire::rttm_flags::kReply : std::uint8_t{0};
        request.echo_timestamp_ns = i % 3 == 0 ? INT64_MIN : INT64_MAX;
        request.reception_delta_ns = i % 5 == 0 ? INT64_MIN : INT64_MAX;
        request.receiver_id = i % 7 == 0 ? 0 : 77;
        at_sender(of_stream(request));
        at_receiver(of_stream(request));
    }
    EXPECT_EQ(pair.world.network.sent.size(), 10'000U);
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 1;
    }));
}

/// Whether each damaged copy of the frame is dropped, or says what the frame said.
template <typename Decode>
void expect_noticed(const wire::EncodedFrame& frame, Decode decode) {
    const std::vector<std::byte> sent(frame.bytes().begin(), frame.bytes().end());
    const auto type = wire::decode_frame_header(sent)->type;
    platform::sim::Prng prng(type);
    for (int i = 0; i < 5'000; ++i) {
        std::vector<std::byte> arrived = sent;
        platform::sim::damage(arrived, prng);
        const auto header = wire::decode_frame_header(arrived);
        if (!header || header->type != type) continue;
        const auto decoded = decode(arrived);
        if (!decoded) continue;
        EXPECT_TRUE(std::ranges::equal(wire::encode(*decoded).bytes(), sent));
    }
}

TEST_F(Garbage, what_a_network_damages_is_noticed) {
    expect_noticed(wire::encode(wire::SetupFrame{.term_length = 65'536}), wire::decode_setup);
    expect_noticed(wire::encode(wire::NakFrame{.term_offset = 64}), wire::decode_nak);
    expect_noticed(wire::encode(wire::RttmFrame{.receiver_id = 7}), wire::decode_rttm);
    expect_noticed(wire::encode(wire::StatusMessage{.group_tag = 5}), wire::decode_status_message);
    expect_noticed(wire::encode(wire::StatusMessage{}), wire::decode_status_message);
    expect_noticed(wire::encode(wire::ResponseSetupFrame{}), wire::decode_response_setup);

    platform::sim::Prng prng(1);
    auto padded = data(0, 96);  // 70 bytes and padding
    store(padded.data(), std::int32_t{70});
    auto pad = data(0, 32);
    store(pad.data(), pair.options.term_length);
    store(pad.data() + 6, wire::kPadFrameType);
    auto heartbeat = data(0, 32);
    store(heartbeat.data(), std::int32_t{0});
    for (const auto& sent : {data(0, 64), padded, pad, heartbeat}) {
        for (int i = 0; i < 5'000; ++i) {
            auto arrived = sent;
            platform::sim::damage(arrived, prng);
            at_receiver(arrived);
        }
    }
    EXPECT_EQ(pair.image_counters.receiver_high_water_mark.get(), 0);
    const Bytes term = pair.image_log->view.term(0);
    EXPECT_TRUE(std::ranges::all_of(term, [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_F(Garbage, random_bytes_do_no_harm) {
    std::mt19937 random(1);
    for (int round = 0; round < 50'000; ++round) {
        std::vector<std::byte> datagram(random() % 128);
        for (std::byte& byte : datagram) byte = static_cast<std::byte>(random());
        if (datagram.size() >= 8 && random() % 8 != 0) {  // mostly past the first checks
            store(datagram.data(), static_cast<std::int32_t>(random() % 160));
            datagram[4] = std::byte{0};
            store(datagram.data() + 6, static_cast<std::uint16_t>(random() % 13));
        }
        if (datagram.size() >= 24 && random() % 4 != 0) {
            const bool is_control = random() % 2 == 0;
            store(datagram.data() + (is_control ? 8 : 12), kSessionId);
            store(datagram.data() + (is_control ? 12 : 16), kStreamId);
        }
        at_sender(datagram);
        at_receiver(datagram);
        if (round % 100 == 0) pair.cycle();
        pair.world.network.sent.clear();
    }
    EXPECT_GT(invalid(), 1'000);
}

}  // namespace
}  // namespace tern::driver::testing

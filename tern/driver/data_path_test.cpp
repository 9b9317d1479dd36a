// Whole streams through sender and receiver over a fake network.
#include <gtest/gtest.h>

#include "tern/driver/testing/pair.hpp"

namespace tern::driver::testing {
namespace {

using memory::SystemCounter;

std::vector<std::byte> message_of(std::uint32_t number, std::size_t length) {
    std::vector<std::byte> message(length);
    for (std::size_t i = 0; i < length; ++i) {
        message[i] = static_cast<std::byte>((number * 31 + i * 7) & 0xFF);
    }
    return message;
}

std::uint16_t type_of(const SentDatagram& datagram) {
    return wire::decode_frame_header(datagram.bytes)->type;
}

std::size_t length_of_number(std::uint32_t number) { return 32 + (number * 37) % 1200; }

void expect_all(const Pair& pair, std::uint32_t count) {
    ASSERT_EQ(pair.messages.size(), count);
    for (std::uint32_t i = 0; i < count; ++i) {
        ASSERT_EQ(pair.messages[i], message_of(i, length_of_number(i))) << "message " << i;
    }
}

void publish_all(Pair& pair, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) pair.publish(message_of(i, length_of_number(i)));
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.subscriber_position >= pair.publication->producer_position();
    })) << "stands at "
        << pair.subscriber_position;
}

TEST(DataPath, a_stream_sets_up_flows_over_many_terms_and_stays_whole) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    publish_all(pair, 2'000);  // some 20 terms
    expect_all(pair, 2'000);
    EXPECT_EQ(pair.world.counters[SystemCounter::nak_messages_sent], 0);
    EXPECT_EQ(pair.world.counters[SystemCounter::invalid_packets], 0);
    EXPECT_EQ(pair.image_log->view.metadata().active_transport_count(), 1);
    EXPECT_TRUE(pair.world.errors.empty());
}

// The log of an image is not cleaned as a whole when a term comes round again.
TEST(DataPath, a_reader_at_the_end_never_sees_what_was_there_three_terms_before) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    std::uint32_t seed = 1;
    pair.world.network.drop = [&](const SentDatagram&) {
        seed = seed * 1664525 + 1013904223;
        return (seed >> 16) % 10 == 0;
    };
    for (std::uint32_t i = 0; i < 2'000; ++i) {
        pair.publish(message_of(i, length_of_number(i)));
        pair.cycle();
        pair.consume();
        ASSERT_LE(pair.subscriber_position, pair.appender.position());
    }
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 2'000;
    }));
    expect_all(pair, 2'000);
}

TEST(DataPath, what_is_lost_is_asked_for_and_sent_again) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    std::uint32_t seed = 1;
    pair.world.network.drop = [&](const SentDatagram&) {
        seed = seed * 1664525 + 1013904223;
        return (seed >> 16) % 10 == 0;  // of every kind, both ways
    };
    publish_all(pair, 2'000);
    expect_all(pair, 2'000);
    const Counters& counters = pair.world.counters;
    EXPECT_GT(counters[SystemCounter::nak_messages_sent], 20);
    EXPECT_GT(counters[SystemCounter::retransmits_sent], 20);
    EXPECT_LE(counters[SystemCounter::retransmits_sent],
              counters[SystemCounter::nak_messages_received]);
    EXPECT_EQ(pair.image_counters.naks_sent.get(), counters[SystemCounter::nak_messages_sent]);
}

TEST(DataPath, a_loss_is_reported_once_however_often_it_is_asked_for) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    std::int32_t end = 6 * 1056;
    pair.world.network.drop = [&](const SentDatagram& datagram) {
        if (type_of(datagram) != wire::kDataFrameType) return false;
        const auto offset = load<std::int32_t>(datagram.bytes.data() + 8);
        return offset >= 3 * 1056 && offset < end;
    };
    for (std::uint32_t i = 0; i < 10; ++i) pair.publish(message_of(i, 1'000));
    pair.run(300);
    EXPECT_GT(pair.world.counters[SystemCounter::nak_messages_sent], 5);
    EXPECT_EQ(pair.reported_losses, (std::vector<std::int64_t>{3 * 1056}));
    end = 3 * 1056;
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.messages.size() == 10;
    }));
    EXPECT_EQ(pair.reported_losses.size(), 1U);
}

TEST(DataPath, a_cubic_window_shrinks_with_loss_and_the_stream_stays_whole) {
    Pair pair({.cubic = CubicOptions{.measure_rtt = true}});
    ASSERT_TRUE(pair.connect());
    publish_all(pair, 200);
    EXPECT_GE(pair.cubic_window.get(), 10 * 1408);
    EXPECT_GT(pair.cubic_rtt.get(), 0) << "request and answer have crossed";
    std::uint32_t number = 0;
    pair.world.network.drop = [&](const SentDatagram& datagram) {
        return type_of(datagram) == wire::kDataFrameType && ++number % 10 == 0;
    };
    for (std::uint32_t i = 200; i < 600; ++i) pair.publish(message_of(i, length_of_number(i)));
    ASSERT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.subscriber_position >= pair.publication->producer_position();
    }));
    expect_all(pair, 600);
    EXPECT_LT(pair.cubic_window.get(), 5 * 1408);
    EXPECT_LE(pair.publication_counters.sender_limit.get(), pair.subscriber_position + 10 * 1408);
}

TEST(DataPath, a_lost_tail_is_found_by_the_heartbeat) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    bool is_first = true;
    pair.world.network.drop = [&](const SentDatagram& datagram) {
        return type_of(datagram) == wire::kDataFrameType && std::exchange(is_first, false);
    };
    publish_all(pair, 1);
    expect_all(pair, 1);
}

/// Eight such messages and padding fill a term of 64 KiB.
constexpr std::size_t kEighth = 7'192;

/// Lets the sender send up to behind the padding of its first term, while the receiver's window
/// ends within that: the subscriber has read four messages, and no more.
void send_beyond_the_window(Pair& pair) {
    for (std::uint32_t i = 0; i < 4; ++i) pair.publish(message_of(i, kEighth));
    pair.run(100);
    pair.consume();
    pair.run(100);
    for (std::uint32_t i = 4; i < 8; ++i) pair.publish(message_of(i, kEighth));
    ASSERT_LT(pair.appender.append(INT64_MAX, message_of(8, kEighth)), 0);  // pads
    pair.run(100);
    const auto& counters = pair.publication_counters;
    ASSERT_EQ(counters.sender_position.get(), pair.options.term_length);
    ASSERT_LT(counters.sender_limit.get(), pair.options.term_length);
}

TEST(DataPath, a_window_that_ends_in_padding_may_be_lost_as_a_whole) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    pair.world.network.drop = [&](const SentDatagram& datagram) {
        return type_of(datagram) == wire::kDataFrameType && pair.subscriber_position > 0;
    };
    send_beyond_the_window(pair);
    pair.world.network.drop = {};
    EXPECT_TRUE(pair.run_until([&] {
        pair.consume();
        return pair.subscriber_position == pair.options.term_length;
    })) << "stands at "
        << pair.subscriber_position;
}

TEST(DataPath, a_slow_subscriber_whose_window_ends_in_padding_stays_connected) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    send_beyond_the_window(pair);
    pair.run(100, 100 * kMs);
    EXPECT_TRUE(pair.publication_log.view.metadata().is_connected());
    EXPECT_EQ(pair.world.counters[SystemCounter::status_messages_rejected], 0);
}

TEST(DataPath, a_receiver_that_left_and_came_back_is_lingered_for) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    pair.publication->on_status_message({.flags = wire::status_flags::kEndOfStream,
                                         .session_id = kSessionId,
                                         .stream_id = kStreamId,
                                         .consumption_term_id = pair.options.initial_term_id,
                                         .receiver_id = 77},
                                        pair.world.clock.now_ns, pair.world.requests);
    pair.run(3, 100 * kMs);  // its next image says that it is there
    pair.world.network.drop = [](const SentDatagram& datagram) {
        return type_of(datagram) == wire::kDataFrameType;
    };
    pair.publish(message_of(0, 100));
    pair.publication->release_reference(pair.world.clock.now_ns);
    pair.run(30, 100 * kMs);
    pair.world.network.drop = {};
    EXPECT_TRUE(pair.run_until([&] {
        pair.consume();
        return !pair.messages.empty();
    }));
}

TEST(DataPath, an_unreliable_stream_goes_on_over_its_gaps) {
    Pair pair({.is_reliable = false});
    ASSERT_TRUE(pair.connect());
    std::uint32_t number = 0;
    pair.world.network.drop = [&](const SentDatagram& datagram) {
        return type_of(datagram) == wire::kDataFrameType && ++number % 5 == 0;
    };
    publish_all(pair, 500);
    EXPECT_LT(pair.messages.size(), 500U);
    EXPECT_GT(pair.messages.size(), 200U);
    EXPECT_GT(pair.world.counters[SystemCounter::loss_gap_fills], 10);
    EXPECT_EQ(pair.world.counters[SystemCounter::nak_messages_sent], 0);
}

TEST(DataPath, a_slow_subscriber_holds_the_sender_within_its_window) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    while (pair.appender.append(pair.publication_counters.publisher_limit.get(),
                                message_of(0, 1000)) > 0) {
        pair.cycle();
    }
    pair.run(200);
    EXPECT_LE(pair.publication_counters.sender_position.get(), pair.options.window_length);
    EXPECT_GT(pair.publication_counters.sender_position.get(), pair.options.window_length - 1408);
    EXPECT_EQ(pair.publication_counters.back_pressure_events.get(), 1);
    EXPECT_EQ(pair.world.counters[SystemCounter::flow_control_over_runs], 0);
}

/// Without that, it would be told at a quarter of the window only: a sender whose next message is
/// just too long for what is left of the window would wait for ever.
TEST(DataPath, what_a_subscriber_has_read_is_told_after_a_while_however_little) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    const auto fill = [&] {
        for (int i = 0; i < 50; ++i) {
            static_cast<void>(pair.appender.append(pair.publication_counters.publisher_limit.get(),
                                                   message_of(0, 1000)));
            pair.cycle(10 * kMs);
        }
    };
    fill();
    const std::int64_t read = 7 * 1056;
    ASSERT_LT(read, pair.options.window_length / 4);
    pair.subscriber_position = read;
    fill();
    const std::int64_t sent = pair.publication_counters.sender_position.get();
    EXPECT_GT(sent, read + pair.options.window_length - 1408);
    EXPECT_LE(sent, read + pair.options.window_length);
}

/// Whoever leaves the sender less than a datagram of its window holds it up.
TEST(DataPath, an_untethered_subscriber_is_slow_when_the_next_message_does_not_fit) {
    for (const std::int32_t window_length : {4096, 32 * 1024}) {
        PairOptions options;
        options.window_length = window_length;
        Pair pair(options);
        ASSERT_TRUE(pair.connect());
        for (int i = 0; i < 50; ++i) {
            static_cast<void>(pair.appender.append(pair.publication_counters.publisher_limit.get(),
                                                   message_of(0, 1344)));
            pair.cycle(10 * kMs);
        }
        WorkingPositions positions;
        positions.add(0);
        positions.add(pair.image_counters.receiver_position.get());
        EXPECT_GT(pair.image->untethered_limit(positions), 0) << window_length;
    }
}

TEST(DataPath, a_full_socket_is_tried_again_from_where_it_was_full) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    for (std::uint32_t i = 0; i < 10; ++i) pair.publish(message_of(i, 1000));
    pair.run(10);
    const std::int64_t before = pair.publication_counters.sender_position.get();
    for (std::uint32_t i = 0; i < 10; ++i) {
        ASSERT_GT(pair.appender.append(pair.publication_counters.publisher_limit.get(),
                                       message_of(i, 1000)),
                  0);
    }
    pair.world.network.sendable_datagrams = 3;
    pair.sender.do_work();
    EXPECT_EQ(pair.publication_counters.sender_position.get(), before + 3 * 1056);
    EXPECT_EQ(pair.world.counters[SystemCounter::short_sends], 1);
    pair.world.network.sendable_datagrams = INT64_MAX;
    pair.run(10);
    pair.consume();
    EXPECT_EQ(pair.messages.size(), 20U);
}

TEST(DataPath, a_window_of_equal_messages_is_one_call_to_the_socket) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    auto& socket = static_cast<FakeSocket&>(pair.send_endpoint.control_socket());
    for (int i = 0; i < 25; ++i) {
        ASSERT_GT(pair.appender.append(pair.publication_counters.publisher_limit.get(),
                                       message_of(0, 1000)),
                  0);
    }
    const std::size_t before = socket.send_calls;
    pair.sender.do_work();
    EXPECT_EQ(socket.send_calls, before + 1);
    EXPECT_EQ(pair.publication_counters.sender_position.get(), 25 * 1056);
}

TEST(DataPath, the_publication_ends_and_the_receiver_learns_it) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    publish_all(pair, 10);
    pair.publication->release_reference(pair.world.clock.now_ns);
    EXPECT_EQ(pair.publication->state(), PublicationState::draining);
    ASSERT_TRUE(pair.run_until([&] { return pair.image->is_end_of_stream(); }));
    EXPECT_EQ(pair.image_log->view.metadata().end_of_stream_position(),
              pair.publication->producer_position());
    pair.run(100, 100 * kMs);
    EXPECT_EQ(pair.publication->state(), PublicationState::done);
    EXPECT_EQ(pair.publication_actions, (std::vector{PublicationAction::detach_spies,
                                                     PublicationAction::remove_from_sender}));
    ASSERT_FALSE(pair.image_actions.empty());
    EXPECT_EQ(pair.image_actions.front(), ImageAction::make_unavailable);
}

TEST(DataPath, a_leaving_subscriber_is_noticed_by_the_publication) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    pair.subscribed = false;
    pair.receiver.on_remove_subscription(pair.receive_endpoint, kStreamId);
    pair.run(60, 100 * kMs);
    EXPECT_FALSE(pair.publication_log.view.metadata().is_connected());
    EXPECT_EQ(pair.image->state(), ImageState::done);
}

TEST(DataPath, a_dead_sender_is_given_up_after_the_liveness_timeout) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    pair.world.network.drop = [](const SentDatagram&) { return true; };
    pair.run(90, 100 * kMs);
    EXPECT_EQ(pair.image->state(), ImageState::active);
    EXPECT_FALSE(pair.publication_log.view.metadata().is_connected()) << "5 s without an SM";
    pair.run(50, 100 * kMs);
    EXPECT_EQ(pair.image->state(), ImageState::linger);
}

TEST(DataPath, a_revoked_publication_ends_the_image_at_once) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    publish_all(pair, 3);
    pair.publication->revoke();
    pair.publication->release_reference(pair.world.clock.now_ns);
    pair.run(30, 100 * kMs);
    EXPECT_TRUE(pair.image_log->view.metadata().is_publication_revoked());
    EXPECT_EQ(pair.world.counters[SystemCounter::publications_revoked], 1);
    EXPECT_EQ(pair.world.counters[SystemCounter::publication_images_revoked], 1);
    EXPECT_NE(pair.image->state(), ImageState::active);
}

TEST(DataPath, a_rejected_image_tells_the_sender_why) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    pair.receiver.on_reject_image(*pair.image, "no room for you");
    pair.run(10, 100 * kMs);
    ASSERT_EQ(pair.world.requests.errors.size(), 1U) << "one notice per live receiver";
    EXPECT_EQ(pair.world.requests.errors.front().error_code, 13);
    EXPECT_EQ(pair.world.requests.errors.front().receiver_id, 77);
    EXPECT_EQ(pair.world.requests.error_texts.front(), "no room for you");
    EXPECT_FALSE(pair.publication_log.view.metadata().is_connected());
}

TEST(DataPath, a_late_receiver_elicits_the_setup_from_a_running_stream) {
    Pair pair;
    ASSERT_TRUE(pair.connect());
    publish_all(pair, 5);
    // The receiver forgets, as one that has just started.
    pair.receiver.on_remove_image(*pair.image);
    pair.receiver.on_remove_cool_down(pair.receive_endpoint, kStreamId, kSessionId);
    pair.image.reset();
    pair.world.network.sent.clear();
    ASSERT_TRUE(pair.run_until([&] { return pair.image != nullptr; }));
    EXPECT_EQ(pair.subscriber_position, pair.publication_counters.sender_position.get());
    EXPECT_EQ(std::ranges::count_if(pair.world.network.sent,
                                    [](const SentDatagram& datagram) {
                                        return type_of(datagram) == wire::kSetupFrameType;
                                    }),
              1);
}

TEST(DataPath, a_manual_publication_reaches_its_destination_once_it_is_added) {
    Pair pair({.publication_uri = "aeron:udp?control-mode=manual|control=127.0.0.1:24500"});
    pair.run(100, 10 * kMs);
    EXPECT_EQ(pair.image, nullptr);
    const auto address = platform::SocketAddress::ipv4({127, 0, 0, 1}, 24401);
    pair.sender.on_add_destination(pair.send_endpoint, address, "127.0.0.1:24401", 42);
    ASSERT_TRUE(pair.connect());
    publish_all(pair, 300);
    expect_all(pair, 300);
    EXPECT_EQ(pair.send_endpoint.destinations()->registration_id_of(
                  77, platform::SocketAddress::ipv4({127, 0, 0, 1}, 24401)),
              42);
    pair.sender.on_remove_destination(pair.send_endpoint, 42);
    pair.world.network.sent.clear();
    pair.run(100, 10 * kMs);
    EXPECT_TRUE(std::ranges::none_of(pair.world.network.sent, [&](const SentDatagram& datagram) {
        return datagram.to == address;
    }));
}

/// With fc=min a sender waits for those that it has heard of. What a member that it did not hear in
/// time has missed cannot be repaired any more: it has to notice, and to join where the group is.
TEST(DataPath, a_member_that_its_group_heard_too_late_joins_anew) {
    Pair pair({.publication_uri = "aeron:udp?control-mode=manual|control=127.0.0.1:24500",
               .flow_control = {.strategy = FlowControlOptions::Strategy::min}});
    const auto address = platform::SocketAddress::ipv4({127, 0, 0, 1}, 24401);
    pair.sender.on_add_destination(pair.send_endpoint, address, "127.0.0.1:24401", 42);
    pair.world.network.drop = [](const SentDatagram& datagram) {
        return type_of(datagram) != wire::kSetupFrameType;
    };
    ASSERT_TRUE(pair.run_until([&] { return pair.image != nullptr; }));
    const auto& sender_position = pair.publication_counters.sender_position;
    const auto other_reads_all = [&] {
        const std::int64_t position = sender_position.get();
        const std::int32_t shift = logbuffer::position_shift(pair.options.term_length);
        pair.publication->on_status_message({.session_id = kSessionId,
                                             .stream_id = kStreamId,
                                             .consumption_term_id = logbuffer::term_id_of(
                                                 position, shift, pair.options.initial_term_id),
                                             .consumption_term_offset = logbuffer::term_offset_of(
                                                 position, pair.options.term_length),
                                             .receiver_window_length = pair.options.window_length,
                                             .receiver_id = 78},
                                            pair.world.clock.now_ns, pair.world.requests);
    };
    for (std::uint32_t i = 0; i < 60; ++i) {
        other_reads_all();
        pair.publish(message_of(i, 1'000));
        pair.run(10);
    }
    ASSERT_GT(sender_position.get(), pair.options.term_length * 3 / 4);

    pair.world.network.drop = {};
    for (int i = 0; i < 130 && pair.image_actions.empty(); ++i) {
        other_reads_all();
        pair.cycle(100 * kMs);
    }
    EXPECT_GT(pair.world.counters[SystemCounter::status_messages_rejected], 0);
    ASSERT_EQ(pair.image_actions, std::vector{ImageAction::make_unavailable});
    pair.receiver.on_remove_cool_down(pair.receive_endpoint, kStreamId, kSessionId);
    pair.image.reset();
    ASSERT_TRUE(pair.run_until([&] { return pair.image != nullptr; }));
    EXPECT_EQ(pair.subscriber_position, sender_position.get());
    publish_all(pair, 10);
    expect_all(pair, 10);
}

TEST(DataPath, a_dynamic_publication_learns_its_receivers_from_their_control_address) {
    Pair pair({.publication_uri = "aeron:udp?control-mode=dynamic|control=127.0.0.1:24500",
               .subscription_uri = "aeron:udp?endpoint=127.0.0.1:24401|control=127.0.0.1:24500"});
    ASSERT_TRUE(pair.connect());
    EXPECT_EQ(pair.send_endpoint.destinations()->size(), 1U);
    publish_all(pair, 300);
    expect_all(pair, 300);
}

}  // namespace
}  // namespace tern::driver::testing

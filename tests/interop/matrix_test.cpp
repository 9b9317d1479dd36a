// Every driver and client with every other over every transport: what is published arrives whole,
// in order and unchanged, whoever comes first, late, or back from a restart.
//
// The cases are the whole product of
//   transport   IPC, unicast, multicast, MDC manual, MDC dynamic, MDS, spy, response channel
//   publishing  {Tern, Java} driver x {Tern, Java} client
//   subscribing {Tern, Java} driver x {Tern, Java} client, each side with a driver of its own; IPC
//               and spies have one driver, that of the publishing side
//   sizes       small, fragmented, mixed
//   order       publisher first, subscriber first, late joiner in the middle of the stream, restart
//               of the publisher's or the subscriber's driver (IPC and spies: of the driver)
// 6 x 16 x 3 x 5 + 2 x 8 x 3 x 4 = 1,632 cases. Content is known by sequence, length and CRC-32
// (checked_messages.hpp).

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "matrix_link.hpp"
#include "matrix_world.hpp"

namespace tern::interop {
namespace {

enum class Order : std::uint8_t {
    publisher_first,
    subscriber_first,
    late_joiner,
    publisher_restart,
    subscriber_restart,
};

struct Case {
    Transport transport;
    Side publishing;
    Side subscribing;
    Sizes sizes;
    Order order;
};

constexpr std::array kKinds = {Kind::tern, Kind::java};
constexpr std::array kSizes = {Sizes::small, Sizes::fragmented, Sizes::mixed};

std::vector<Order> orders_of(Transport transport) {
    std::vector<Order> orders = {Order::publisher_first, Order::subscriber_first,
                                 Order::late_joiner, Order::publisher_restart};
    if (!is_local(transport)) orders.push_back(Order::subscriber_restart);
    return orders;
}

std::vector<Side> all_sides() {
    std::vector<Side> sides;
    for (const Kind driver : kKinds) {
        for (const Kind client : kKinds) sides.push_back({driver, client});
    }
    return sides;
}

std::vector<Case> cases_of(Transport transport) {
    std::vector<Case> cases;
    for (const Order order : orders_of(transport)) {
        for (const Sizes sizes : kSizes) {
            for (const Side publishing : all_sides()) {
                for (const Side subscribing : all_sides()) {
                    if (is_local(transport) && subscribing.driver != publishing.driver) continue;
                    cases.push_back({transport, publishing, subscribing, sizes, order});
                }
            }
        }
    }
    return cases;
}

std::string name_of(const Case& tested) {
    constexpr std::array kKindNames = {"tern", "java"};
    constexpr std::array kOrderNames = {"publisher_first", "subscriber_first", "late_joiner",
                                        "publisher_restart", "subscriber_restart"};
    const auto name = [&](Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; };
    return fmt::format("{}_{}_to_{}_{}_{}_{}", name(tested.publishing.driver),
                       name(tested.publishing.client), name(tested.subscribing.driver),
                       name(tested.subscribing.client), name_of(tested.sizes),
                       kOrderNames[static_cast<std::size_t>(tested.order)]);
}

class Matrix : public ::testing::TestWithParam<Case> {
  protected:
    void TearDown() override { EXPECT_EQ(world_.reset(), ""); }

    void run() {
        switch (GetParam().order) {
            case Order::publisher_first:
                link_->publish(publishing_end());
                link_->subscribe(Link::kFirst, subscribing_end());
                return transfer();
            case Order::subscriber_first:
                link_->subscribe(Link::kFirst, subscribing_end());
                link_->publish(publishing_end());
                return transfer();
            case Order::late_joiner:
                return with_late_joiner();
            case Order::publisher_restart:
                return with_publisher_restart();
            case Order::subscriber_restart:
                return with_subscriber_restart();
        }
    }

  private:
    void transfer() {
        const std::vector<StreamId> streams = link_->connect(Link::kFirst);
        offer_first_half(streams);
        offer_second_half(streams);
        expect_messages(Link::kFirst, streams, true);
    }

    // The first subscriber of a network stream that many can join is at the publisher's driver, so
    // that the late one joins through the network.
    void with_late_joiner() {
        const bool from_network = many_may_join() && GetParam().transport != Transport::response;
        link_->subscribe(Link::kFirst, from_network ? local_end() : subscribing_end());
        link_->publish(publishing_end());
        const std::vector<StreamId> streams = link_->connect(Link::kFirst);
        offer_first_half(streams);
        link_->subscribe("late", subscribing_end());
        const std::vector<StreamId> late_streams = link_->connect("late");
        offer_first_half(late_streams);
        offer_second_half(streams);
        offer_second_half(late_streams);
        expect_messages(Link::kFirst, streams, true);
        expect_messages("late", late_streams, false);
    }

    void with_publisher_restart() {
        link_->subscribe(Link::kFirst, subscribing_end());
        link_->publish(publishing_end());
        transfer();
        world_.restart(GetParam().publishing.driver, Role::publishing);
        started_.clear();
        finished_.clear();
        ++messages_.seed;
        link_->publish(publishing_end());
        // A response subscription is for one session, that of a publisher that is gone.
        if (is_local(GetParam().transport) || GetParam().transport == Transport::response) {
            link_->subscribe(Link::kFirst, subscribing_end());
        }
        transfer();
    }

    void with_subscriber_restart() {
        link_->subscribe(Link::kFirst, subscribing_end());
        link_->publish(publishing_end());
        offer_first_half(link_->connect(Link::kFirst));
        world_.restart(GetParam().subscribing.driver, Role::subscribing);
        link_->subscribe(Link::kFirst, subscribing_end());
        const std::vector<StreamId> streams = link_->connect(Link::kFirst);
        offer_first_half(streams);
        offer_second_half(streams);
        expect_messages(Link::kFirst, streams, false);
    }

    /// Of those that were not begun yet.
    void offer_first_half(const std::vector<StreamId>& streams) {
        for (const StreamId& stream : streams) {
            if (!started_.insert(stream).second) continue;
            publisher().offer(stream.publication, messages_, 0, count() / 2);
        }
    }
    void offer_second_half(const std::vector<StreamId>& streams) {
        for (const StreamId& stream : streams) {
            if (!finished_.insert(stream).second) continue;
            publisher().await_sent(stream.publication);
            publisher().offer(stream.publication, messages_, count() / 2, count());
        }
    }

    /// All messages up to the last have come: from the first, or from wherever one has joined.
    void expect_messages(const std::string& subscriber, const std::vector<StreamId>& streams,
                         bool from_first) {
        for (const StreamId& stream : streams) {
            const StreamSummary received =
                link_->subscriber(subscriber).peer->receive(subscriber, stream.session_id, count());
            EXPECT_TRUE(!from_first || received.first == 0) << received.text();
            EXPECT_EQ(received.text(), summary_of(messages_, received.first, count()).text())
                << subscriber << " of " << stream.publication;
        }
    }

    [[nodiscard]] std::int64_t count() const {
        constexpr std::array<std::int64_t, 3> kCounts = {1500, 60, 200};
        return kCounts[static_cast<std::size_t>(GetParam().sizes)];
    }
    [[nodiscard]] bool many_may_join() const {
        return !is_local(GetParam().transport) && GetParam().transport != Transport::unicast;
    }
    [[nodiscard]] Peer& publisher() { return *publishing_end().peer; }
    End publishing_end() {
        const Side side = GetParam().publishing;
        return world_.end(side.client, Role::publishing, side.driver, Role::publishing);
    }
    End subscribing_end() {
        if (is_local(GetParam().transport)) return local_end();
        const Side side = GetParam().subscribing;
        return world_.end(side.client, Role::subscribing, side.driver, Role::subscribing);
    }
    /// The subscribing client at the publisher's driver.
    End local_end() {
        return world_.end(GetParam().subscribing.client, Role::subscribing,
                          GetParam().publishing.driver, Role::publishing);
    }

    MatrixWorld& world_ = MatrixWorld::instance();
    std::unique_ptr<Link> link_ = make_link(
        GetParam().transport, world_, GetParam().order == Order::late_joiner && many_may_join());
    CheckedMessages messages_{world_.next_stream_id(), GetParam().sizes};
    std::set<StreamId> started_;
    std::set<StreamId> finished_;
};

TEST_P(Matrix, Arrives) { run(); }

std::string name_of_info(const ::testing::TestParamInfo<Case>& info) { return name_of(info.param); }

#define TERN_MATRIX(prefix, transport) /* one instantiation a transport, for names to read well */ \
    INSTANTIATE_TEST_SUITE_P(prefix, Matrix, ::testing::ValuesIn(cases_of(Transport::transport)),  \
                             name_of_info)
TERN_MATRIX(Ipc, ipc);
TERN_MATRIX(Unicast, unicast);
TERN_MATRIX(Multicast, multicast);
TERN_MATRIX(Mdc_manual, mdc_manual);
TERN_MATRIX(Mdc_dynamic, mdc_dynamic);
TERN_MATRIX(Mds, mds);
TERN_MATRIX(Spy, spy);
TERN_MATRIX(Response, response);
#undef TERN_MATRIX

}  // namespace
}  // namespace tern::interop

// Every driver and client with every other over every transport: what is published arrives whole,
// in order and unchanged, whoever comes first, late, or back from a restart.
//
// The cases are the whole product of
//   transport   IPC, unicast, multicast, MDC manual, MDC dynamic, MDS, spy, response channel
//   publishing  {Tern, Java} driver x {Tern, Java} client
//   subscribing {Tern, Java} driver x {Tern, Java} client, each side with a driver of its own; IPC
//               and spies have one driver, that of the publishing side
//   order       publisher first, subscriber first, late joiner in the middle of the stream, restart
//               of the publisher's or the subscriber's driver (IPC and spies: of the driver)
//   sizes       small, fragmented, mixed: the three streams of each case, at once
// 6 x 16 x 5 + 2 x 8 x 4 = 544 cases, 1,632 streams. Content is known by sequence, length and
// CRC-32 (checked_messages.hpp).

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
    Order order;
};

constexpr std::array kKinds = {Kind::tern, Kind::java};

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
        for (const Side publishing : all_sides()) {
            for (const Side subscribing : all_sides()) {
                if (is_local(transport) && subscribing.driver != publishing.driver) continue;
                cases.push_back({transport, publishing, subscribing, order});
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
    return fmt::format("{}_{}_to_{}_{}_{}", name(tested.publishing.driver),
                       name(tested.publishing.client), name(tested.subscribing.driver),
                       name(tested.subscribing.client),
                       kOrderNames[static_cast<std::size_t>(tested.order)]);
}

/// One link, and the messages of one size class on it.
class Flow {
  public:
    Flow(MatrixWorld& world, Transport transport, bool many, Sizes sizes)
        : messages_{world.next_stream_id(), sizes}, link_(make_link(transport, world, many)) {}

    [[nodiscard]] Link& link() { return *link_; }

    /// Offers the first half on each stream that has not begun.
    void begin(const std::vector<StreamId>& streams) {
        for (const StreamId& stream : streams) {
            if (!begun_.insert(stream).second) continue;
            link_->publisher().offer(stream.publication, messages_, 0, count() / 2);
        }
    }
    /// Offers the rest.
    void finish(const std::vector<StreamId>& streams) {
        for (const StreamId& stream : streams) {
            if (!finished_.insert(stream).second) continue;
            link_->publisher().await_sent(stream.publication);
            link_->publisher().offer(stream.publication, messages_, count() / 2, count());
        }
    }
    /// All messages up to the last come: from the first, or from wherever the subscriber joined.
    void expect_all(const std::string& subscriber, const std::vector<StreamId>& streams,
                    bool from_first) {
        for (const StreamId& stream : streams) {
            const StreamSummary received = link_->receive(subscriber, stream, count());
            EXPECT_TRUE(!from_first || received.first == 0) << received.text();
            EXPECT_EQ(received.text(), summary_of(messages_, received.first, count()).text())
                << name_of(messages_.sizes) << ", " << subscriber << " of " << stream.publication;
        }
    }

  private:
    [[nodiscard]] std::int64_t count() const {
        constexpr std::array<std::int64_t, 3> kCounts = {1500, 60, 200};
        return kCounts[static_cast<std::size_t>(messages_.sizes)];
    }

    CheckedMessages messages_;
    std::unique_ptr<Link> link_;
    std::set<StreamId> begun_;
    std::set<StreamId> finished_;
};

class Matrix : public ::testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        const bool many = GetParam().order == Order::late_joiner && many_may_join();
        for (const Sizes sizes : {Sizes::small, Sizes::fragmented, Sizes::mixed}) {
            flows_.push_back(std::make_unique<Flow>(world_, GetParam().transport, many, sizes));
        }
    }
    void TearDown() override { EXPECT_EQ(world_.reset(), ""); }

    void run() {
        switch (GetParam().order) {
            case Order::publisher_first:
                publish();
                subscribe(Link::kFirst, subscribing_end());
                return transfer();
            case Order::subscriber_first:
                subscribe(Link::kFirst, subscribing_end());
                publish();
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
    // The first subscriber of a network stream that many can join is at the publisher's driver, so
    // that the late one joins through the network.
    void with_late_joiner() {
        subscribe(Link::kFirst, many_may_join() ? local_end() : subscribing_end());
        publish();
        begin(Link::kFirst);
        subscribe("late", subscribing_end());
        begin("late");
        finish(Link::kFirst);
        finish("late");
        expect_all(Link::kFirst, true);
        expect_all("late", false);
    }

    void with_publisher_restart() {
        subscribe(Link::kFirst, subscribing_end());
        publish();
        transfer();
        world_.restart(GetParam().publishing.driver, Role::publishing);
        publish();
        // A response subscription is for one session, that of a publisher that is gone.
        if (is_local(GetParam().transport) || GetParam().transport == Transport::response) {
            subscribe(Link::kFirst, subscribing_end());
        }
        transfer();
    }

    void with_subscriber_restart() {
        subscribe(Link::kFirst, subscribing_end());
        publish();
        begin(Link::kFirst);
        world_.restart(GetParam().subscribing.driver, Role::subscribing);
        subscribe(Link::kFirst, subscribing_end());
        begin(Link::kFirst);
        finish(Link::kFirst);
        expect_all(Link::kFirst, false);
    }

    void transfer() {
        begin(Link::kFirst);
        finish(Link::kFirst);
        expect_all(Link::kFirst, true);
    }

    void publish() {
        for (const auto& flow : flows_) flow->link().publish(publishing_end());
    }
    void subscribe(const std::string& name, const End& at) {
        for (const auto& flow : flows_) flow->link().subscribe(name, at);
    }
    void begin(const std::string& subscriber) {
        std::vector<std::vector<StreamId>> streams;
        for (const auto& flow : flows_) streams.push_back(flow->link().connect(subscriber));
        for (std::size_t i = 0; i < flows_.size(); ++i) flows_[i]->begin(streams[i]);
        streams_[subscriber] = std::move(streams);
    }
    void finish(const std::string& subscriber) {
        for (std::size_t i = 0; i < flows_.size(); ++i) flows_[i]->finish(streams_[subscriber][i]);
    }
    void expect_all(const std::string& subscriber, bool from_first) {
        for (std::size_t i = 0; i < flows_.size(); ++i) {
            flows_[i]->expect_all(subscriber, streams_[subscriber][i], from_first);
        }
    }

    /// Subscribers at different drivers, of one stream.
    [[nodiscard]] bool many_may_join() const {
        const Transport transport = GetParam().transport;
        return !is_local(transport) && transport != Transport::unicast &&
               transport != Transport::response;
    }
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
    std::vector<std::unique_ptr<Flow>> flows_;
    std::map<std::string, std::vector<std::vector<StreamId>>> streams_;  // by subscriber, flow
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

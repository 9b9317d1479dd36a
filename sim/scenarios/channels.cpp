#include "sim/scenarios/channels.hpp"

#include <fmt/format.h>

#include "sim/scenarios/stream_stage.hpp"

namespace tern::sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::string endpoint(std::size_t host, int port) {
    return fmt::format("endpoint={}:{}", address_of_host(host), port);
}

std::function<std::string(std::size_t)> always(std::string channel) {
    return [channel = std::move(channel)](std::size_t) { return channel; };
}

/// How often destinations change, if they do.
virtual_world::Range draw_changes(Run& run) {
    if (run.prng().chance(300'000)) return {0, 0};
    return {1'000'000, run.prng().between({1, 15}) * kSecond};
}

/// The publisher names those who receive.
void add_multi_destination(StreamStage& stage) {
    StreamPlan plan{.name = "multi-destination, manual",
                    .from = 1,
                    .to = {0, 2},
                    .is_group = true,
                    .channel = [](std::size_t host) {
                        return host == 1 ? std::string("aeron:udp?control-mode=manual|fc=min")
                                         : "aeron:udp?" + endpoint(host, 23'001);
                    }};
    plan.adapt_publisher = [&](PublisherOptions& options) {
        for (const std::size_t host : plan.to) {
            options.destinations.channels.push_back("aeron:udp?" + endpoint(host, 23'001));
        }
        options.destinations.change_ns = draw_changes(stage.run());
    };
    stage.add(plan);
}

/// The subscriber names where it listens: two hosts send to it there.
void add_multi_destination_subscription(StreamStage& stage) {
    StreamPlan plan{.name = "multi-destination subscription",
                    .from = 0,
                    .to = {2},
                    .is_for_one = true,
                    .channel = [](std::size_t host) {
                        return host == 2
                                   ? std::string("aeron:udp?control-mode=manual")
                                   : "aeron:udp?" + endpoint(2, 24'001 + static_cast<int>(host));
                    }};
    plan.adapt_subscriber = [&](SubscriberOptions& options) {
        for (const int port : {24'001, 24'002}) {
            options.destinations.channels.push_back("aeron:udp?" + endpoint(2, port));
        }
        options.destinations.change_ns = draw_changes(stage.run());
    };
    const auto key = stage.add(plan);
    plan.from = 1;
    stage.add_publishers(key, plan);
}

/// One sender, two ways to the same image: nothing is delivered twice.
void add_two_paths(StreamStage& stage) {
    StreamPlan plan{.name = "two paths",
                    .from = 1,
                    .to = {0},
                    .is_group = true,
                    .is_for_one = true,
                    .channel = [](std::size_t host) {
                        return host == 1 ? std::string("aeron:udp?control-mode=manual|fc=max")
                                         : std::string("aeron:udp?control-mode=manual");
                    }};
    const std::vector<std::string> paths{"aeron:udp?" + endpoint(0, 25'001),
                                         "aeron:udp?" + endpoint(0, 25'002)};
    plan.adapt_publisher = [&](PublisherOptions& options) {
        options.destinations.channels = paths;
    };
    plan.adapt_subscriber = [&](SubscriberOptions& options) {
        options.destinations.channels = paths;
    };
    stage.add(plan);
}

/// Who is on the publisher's host reads its log; with ssc it is enough of a subscriber.
void add_spies(StreamStage& stage) {
    const bool is_connected_by_spies = stage.run().prng().chance(500'000);
    const std::string channel = "aeron:udp?" + endpoint(2, 26'001);
    StreamPlan plan{.name = is_connected_by_spies ? "spies that connect" : "spies",
                    .from = 0,
                    .to = {2},
                    .is_group = is_connected_by_spies,  // then nobody waits for the receiver
                    .channel = always(channel)};
    plan.adapt_publisher = [&](PublisherOptions& options) {
        if (is_connected_by_spies) options.channel += "|ssc=true";
    };
    if (is_connected_by_spies && stage.run().prng().chance(500'000)) plan.to.clear();
    const auto key = stage.add(plan);
    plan.is_group = false;
    plan.is_ipc = true;
    plan.channel = always("aeron-spy:" + channel);
    stage.add_subscribers(key, plan, 0);
}

void add_unreliable(StreamStage& stage) {
    StreamPlan plan{.name = "unreliable",
                    .from = 1,
                    .to = {0},
                    .channel = always("aeron:udp?" + endpoint(0, 27'001))};
    plan.adapt_subscriber = [](SubscriberOptions& options) {
        options.channel += "|reliable=false";
        options.gaps = Gaps::any;
    };
    stage.add(plan);
}

/// One that is slow, or stands still, beside one that the publisher waits for.
void add_untethered(StreamStage& stage, bool is_ipc) {
    StreamPlan plan{.name = is_ipc ? "untethered ipc" : "untethered",
                    .from = is_ipc ? 1U : 2U,
                    .to = {1},
                    .is_ipc = is_ipc,
                    .channel = always(is_ipc ? "aeron:ipc" : "aeron:udp?" + endpoint(1, 28'001))};
    plan.adapt_subscriber = [](SubscriberOptions& options) { options.may_be_late = true; };
    const auto key = stage.add(plan);
    const bool is_stuck = stage.run().prng().chance(300'000);
    plan.adapt_subscriber = [&](SubscriberOptions& options) {
        options.channel += is_ipc ? "?tether=false" : "|tether=false";
        options.is_untethered = true;
        options.is_stuck = is_stuck;
        options.pause_ppm = 30'000;
        options.pause_ns = {1 * kSecond, 20 * kSecond};
    };
    stage.add_subscribers(key, plan, 1);
}

void add_revoked(StreamStage& stage, bool is_ipc) {
    StreamPlan plan{.name = is_ipc ? "revoked ipc" : "revoked",
                    .from = 0,
                    .to = {is_ipc ? 0U : 1U},
                    .is_ipc = is_ipc,
                    .channel = always(is_ipc ? "aeron:ipc" : "aeron:udp?" + endpoint(1, 29'001))};
    plan.adapt_publisher = [&](PublisherOptions& options) {
        options.is_exclusive = true;
        options.revoke_ppm =
            static_cast<std::uint32_t>(stage.run().prng().between({1, 10}) * 100'000);
        options.life_ns = {100'000'000, 10 * kSecond};
    };
    stage.add(plan);
}

/// A group that waits for members with its tag, and begins with the first of them.
void add_tagged_group(StreamStage& stage) {
    const auto channel = [](std::size_t host, const char* more) {
        return fmt::format("aeron:udp?endpoint=224.20.30.41:21002|interface={}|{}",
                           address_of_host(host), more);
    };
    StreamPlan plan{.name = "tagged group",
                    .from = 2,
                    .to = {0, 1},
                    .is_group = true,
                    .channel = [&](std::size_t host) {
                        return channel(host, host == 2 ? "fc=tagged,g:77/1,t:2s" : "gtag=77");
                    }};
    stage.add(plan);
}

/// The subscriber asks for a stream of its own, and is answered.
void add_responses(StreamStage& stage) {
    StreamPlan plan{.name = "responses",
                    .from = 2,
                    .to = {1},
                    .is_for_one = true,
                    .is_from_one = true,
                    .channel = always(fmt::format("aeron:udp?control-mode=response|control={}:{}",
                                                  address_of_host(2), 30'001))};
    const RequestOptions requests{.channel = "aeron:udp?" + endpoint(2, 30'002), .stream_id = 999};
    plan.adapt_publisher = [&](PublisherOptions& options) { options.requests = requests; };
    plan.adapt_subscriber = [&](SubscriberOptions& options) { options.request = requests; };
    stage.tolerate(" not found");  // a request that has just gone
    stage.add(plan);
}

}  // namespace

void play_channels(Run& run) {
    StreamStage stage(run);
    const auto add = [&](auto&& add_it) {
        run.prng().chance(500'000) ? add_it() : stage.leave_out();
    };
    add([&] { add_multi_destination(stage); });
    add([&] { add_multi_destination_subscription(stage); });
    add([&] { add_two_paths(stage); });
    add([&] { add_spies(stage); });
    add([&] { add_unreliable(stage); });
    add([&] { add_untethered(stage, false); });
    add([&] { add_untethered(stage, true); });
    add([&] { add_revoked(stage, false); });
    add([&] { add_revoked(stage, true); });
    add([&] { add_tagged_group(stage); });
    add([&] { add_responses(stage); });
    stage.play();
}

}  // namespace tern::sim

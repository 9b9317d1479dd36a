#include "tern/tools/samples/ping.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tern/tools/text.hpp"

namespace tern::tools {
namespace {

constexpr std::size_t kTimeLength = 8;
constexpr int kFragmentLimit = 10;

struct Quantile {
    const char* name;
    double fraction;
};
constexpr std::array kQuantiles{Quantile{"p50", 0.5}, Quantile{"p90", 0.9}, Quantile{"p99", 0.99},
                                Quantile{"p99.9", 0.999}};

double to_us(double ns) noexcept { return ns / 1e3; }
double to_us(std::int64_t ns) noexcept { return to_us(static_cast<double>(ns)); }

}  // namespace

Ping::Ping(const PingOptions& options, SampleSession& session)
    : options_(options), session_(session), message_(options.length) {
    if (options.length < kTimeLength) {
        throw ConfigurationError(
            fmt::format("--length {}: a ping has at least {} bytes", options.length, kTimeLength));
    }
    client::Aeron& aeron = session_.aeron();
    session_.note("Publishing Ping at {} on stream id {}", options_.ping_channel,
                  options_.ping_stream);
    session_.note("Subscribing Pong at {} on stream id {}", options_.pong_channel,
                  options_.pong_stream);
    subscription_ = aeron.add_subscription(options_.pong_channel, options_.pong_stream,
                                           session_.image_notes(options_.pong_channel));
    publication_ = aeron.add_exclusive_publication(options_.ping_channel, options_.ping_stream);
    check_length(options_.length, *publication_);
}

void Ping::await_peer() {
    if (!subscription_->is_connected() || !publication_->is_connected()) {
        session_.note("Waiting for new image from Pong... (start one with `tern pong`)");
    }
    while (session_.is_running() &&
           !(subscription_->is_connected() && publication_->is_connected())) {
        session_.idle(0);
    }
}

void Ping::check_peer() const {
    if (!subscription_->is_connected()) {
        throw Error(
            fmt::format("pong has gone after {} round trips", group_thousands(histogram_.count())));
    }
}

bool Ping::try_send(const Pace& pace) {
    const std::int64_t now_ns = session_.now_ns();
    if (!pace.is_due(now_ns)) return false;
    store(message_.data(), pace.has_schedule() ? pace.due_ns() : now_ns);
    return publication_->offer(message_) > 0;
}

void Ping::exchange(std::int64_t messages) {
    std::int64_t received = 0;
    client::FragmentAssembler on_pong([&](ConstBytes pong, const client::Header&) {
        if (pong.size() < kTimeLength) return;  // of somebody else
        histogram_.record(session_.now_ns() - load<std::int64_t>(pong.data()));
        ++received;
    });
    Pace pace(options_.rate, session_.now_ns());
    for (std::int64_t sent = 0; received < messages && session_.is_running();) {
        int work = 0;
        if (sent < messages && (pace.has_schedule() || sent == received) && try_send(pace)) {
            pace.sent();
            ++sent;
            ++work;
        }
        work += subscription_->poll(on_pong, kFragmentLimit);
        if (work == 0) check_peer();
        session_.idle(work);
    }
}

void Ping::run() {
    await_peer();
    if (!session_.is_running()) return;
    // At a slow rate a second of it will do.
    const auto warm_up = options_.rate > 0
                             ? std::min(options_.warm_up, static_cast<std::int64_t>(options_.rate))
                             : options_.warm_up;
    session_.note("Warming up with {} messages of {} bytes", group_thousands(warm_up),
                  options_.length);
    exchange(warm_up);
    histogram_.reset();
    const std::string rate =
        options_.rate > 0 ? fmt::format("{:g} a second", options_.rate) : "one at a time";
    session_.note("Pinging {} messages of {} bytes, {}", group_thousands(options_.messages),
                  options_.length, rate);
    exchange(options_.messages);
    session_.check_driver();
}

std::string round_trips_text(const PingOptions& options, const LatencyHistogram& round_trips) {
    std::string text = fmt::format("Round trips in microseconds, of {} messages of {} bytes:\n",
                                   group_thousands(round_trips.count()), options.length);
    std::string names = fmt::format("{:>12}", "min");
    std::string values = fmt::format("{:>12.3f}", to_us(round_trips.min()));
    for (const Quantile& quantile : kQuantiles) {
        names += fmt::format("{:>12}", quantile.name);
        values += fmt::format("{:>12.3f}", to_us(round_trips.at(quantile.fraction)));
    }
    names += fmt::format("{:>12}{:>12}", "max", "mean");
    values +=
        fmt::format("{:>12.3f}{:>12.3f}", to_us(round_trips.max()), to_us(round_trips.mean()));
    return text + names + "\n" + values;
}

nlohmann::ordered_json round_trips_json(const PingOptions& options,
                                        const LatencyHistogram& round_trips) {
    nlohmann::ordered_json json{{"type", "summary"},
                                {"messages", round_trips.count()},
                                {"length", options.length},
                                {"rate", options.rate},
                                {"min_us", to_us(round_trips.min())}};
    for (const Quantile& quantile : kQuantiles) {
        json[fmt::format("{}_us", quantile.name)] = to_us(round_trips.at(quantile.fraction));
    }
    json["max_us"] = to_us(round_trips.max());
    json["mean_us"] = to_us(round_trips.mean());
    return json;
}

}  // namespace tern::tools

#include "sim/scenarios/loss.hpp"

#include <fmt/format.h>

#include <array>
#include <map>

#include "sim/scenarios/stream_stage.hpp"
#include "tern/logbuffer/position.hpp"
#include "tern/wire/udp_frames.hpp"

namespace tern::sim {
namespace {

using memory::SystemCounter;

constexpr std::int32_t kTermLength = 64 * 1024;  // as the drivers have it
/// Recovery sends at most so many times what was lost, beside a little where little was lost.
constexpr std::int64_t kMaxRecovery = 3;
constexpr std::int64_t kSomeBytes = 64 * 1024;

struct Link {
    std::string_view name;
    virtual_world::LinkOptions options;
    /// A copy may overtake what was sent before it.
    [[nodiscard]] bool keeps_order() const noexcept {
        return options.reorder_ppm == 0 && options.duplicate_ppm == 0;
    }
};

/// A burst is ten datagrams long, of which all are lost.
virtual_world::LinkOptions bursts(std::uint32_t loss_ppm) {
    return {.burst_begin_ppm = loss_ppm / 10, .burst_end_ppm = 100'000};
}

Link draw_link(Run& run) {
    const std::array<Link, 9> links{
        {{"loss of 0.1 %", {.loss_ppm = 1'000}},
         {"loss of 1 %", {.loss_ppm = 10'000}},
         {"loss of 10 %", {.loss_ppm = 100'000}},
         {"bursts of loss, 0.1 %", bursts(1'000)},
         {"bursts of loss, 1 %", bursts(10'000)},
         {"bursts of loss, 10 %", bursts(100'000)},
         {"20 % reordered", {.reorder_ppm = 200'000}},
         {"5 % repeated", {.duplicate_ppm = 50'000}},
         {"loss of 1 %, 20 % reordered, 5 % repeated",
          {.loss_ppm = 10'000, .duplicate_ppm = 50'000, .reorder_ppm = 200'000}}}};
    const auto last = static_cast<std::int64_t>(links.size()) - 1;
    return links[static_cast<std::size_t>(run.prng().between({0, last}))];
}

/// Steady, and read at once: only links are to blame.
void be_steady(PublisherOptions& options) {
    options.burst = {1, 20};
    options.pause_ns = {0, 50'000'000};
    options.claim_ppm = options.hold_ppm = options.abort_ppm = 0;
    options.life_ns = options.rest_ns = {0, 0};
}
void be_steady(SubscriberOptions& options) {
    options.pause_ppm = 0;
    options.life_ns = options.rest_ns = {0, 0};
}

class Loss {
  public:
    explicit Loss(Run& run) : run_(run), link_(draw_link(run)), stage_(run, link_.options) {
        run.note_option(fmt::format("links: {}", link_.name));
        stage_.at_end([this] { check_costs(); });
        run.world().network().on_loss(
            [this](virtual_world::HostIndex to, ConstBytes bytes) { on_loss(to, bytes); });
    }

    void play() {
        add({.name = "unicast", .from = 0, .to = {1}, .channel = endpoint(1, 20'001)});
        add({.name = "multicast",
             .from = 0,
             .to = {1, 2},
             .is_group = true,
             .channel = [](std::size_t host) {
                 return fmt::format("aeron:udp?endpoint=224.20.30.39:21000|interface={}|fc=min",
                                    address_of_host(host));
             }});
        StreamPlan unreliable{
            .name = "unreliable", .from = 1, .to = {2}, .channel = endpoint(2, 20'002)};
        unreliable.adapt_subscriber = [&](SubscriberOptions& options) {
            be_steady(options);
            options.channel += "|reliable=false";
            // What comes late comes after its gap was filled.
            options.gaps = link_.keeps_order() ? Gaps::of_lost : Gaps::any;
        };
        unreliable_key_ = add(unreliable);
        stage_.play();
    }

  private:
    static std::function<std::string(std::size_t)> endpoint(std::size_t host, int port) {
        return [=](std::size_t) {
            return fmt::format("aeron:udp?endpoint={}:{}", address_of_host(host), port);
        };
    }

    std::uint64_t add(StreamPlan plan) {
        plan.adapt_publisher = [](PublisherOptions& options) { be_steady(options); };
        if (!plan.adapt_subscriber) {
            plan.adapt_subscriber = [](SubscriberOptions& options) { be_steady(options); };
        }
        return stage_.add(plan);
    }

    void on_loss(virtual_world::HostIndex to, ConstBytes bytes) {
        lost_bytes_ += std::ssize(bytes);
        if (to != 2 || bytes.size() < sizeof(wire::DataHeader)) return;
        const auto header = load<wire::DataHeader>(bytes.data());
        if (header.stream_id != stream_id_of(unreliable_key_)) return;
        if (header.type != wire::kDataFrameType && header.type != wire::kPadFrameType) return;
        StreamSession& session = stage_.ledger().session(unreliable_key_, header.session_id);
        const std::int64_t begin = logbuffer::compute_position(
            header.term_id, header.term_offset, logbuffer::position_shift(kTermLength),
            session.initial_term_id);
        session.writer.lost(begin, begin + std::ssize(bytes));
    }

    void check_costs() {
        const std::int64_t repeated = stage_.count(SystemCounter::retransmitted_bytes);
        run_.tell(fmt::format("{} bytes lost, {} sent again", lost_bytes_, repeated));
        if (!link_.keeps_order()) return;  // what is late counts as lost
        if (repeated > kMaxRecovery * lost_bytes_ + kSomeBytes) {
            run_.violation(fmt::format("{} bytes were lost, {} sent again", lost_bytes_, repeated));
        }
    }

    Run& run_;
    Link link_;
    StreamStage stage_;
    std::uint64_t unreliable_key_ = 0;
    std::int64_t lost_bytes_ = 0;
};

}  // namespace

void play_loss(Run& run) { Loss(run).play(); }

}  // namespace tern::sim

#pragma once
// Three hosts with a media driver and two programs each, whose publishers and subscribers have the
// streams that a scenario plans. Plays them through every fault that the transport has to live
// with, and then demands that they flow, rest and end as they should, and leave nothing behind.
//
// Thread safety: none.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/actors/driver_actor.hpp"
#include "sim/actors/stream_program.hpp"
#include "tern/memory/system_counters.hpp"

namespace tern::sim {

inline constexpr std::size_t kStreamHosts = 3;
inline constexpr std::size_t kProgramsPerHost = 2;

/// "10.0.0.<host + 1>".
[[nodiscard]] std::string address_of_host(std::size_t host);

[[nodiscard]] inline std::int32_t stream_id_of(std::uint64_t key) noexcept {
    return static_cast<std::int32_t>(key & 0xff) + 1000;
}

/// A stream, and who has a part in it. What is not said here is drawn.
struct StreamPlan {
    std::string name;
    std::size_t from = 0;
    std::vector<std::size_t> to;
    bool is_ipc = false;
    bool is_group = false;
    bool is_for_one = false;   ///< one subscriber on a host: it binds what another could not
    bool is_from_one = false;  ///< one publisher
    /// Of subscribers there; at `from`: of publishers.
    std::function<std::string(std::size_t host)> channel;
    /// What is particular; empty: nothing. Called once for each of them.
    std::function<void(PublisherOptions&)> adapt_publisher = {};
    std::function<void(SubscriberOptions&)> adapt_subscriber = {};
};

class StreamStage {
  public:
    /// With all faults that the transport has to live with.
    explicit StreamStage(Run& run);
    /// With none, but that all links between the hosts are like this one, to the end.
    StreamStage(Run& run, const virtual_world::LinkOptions& link);

    [[nodiscard]] Run& run() noexcept { return run_; }
    /// Another stream: with its publishers, one or two, and its subscribers, one or two on a host.
    /// Returns its key.
    std::uint64_t add(const StreamPlan& plan);
    /// Numbers are given to streams that are left out, too: a stream has the same in each run.
    void leave_out() noexcept { ++last_key_; }
    /// More of a stream that there is.
    void add_publishers(std::uint64_t key, const StreamPlan& plan);
    void add_subscribers(std::uint64_t key, const StreamPlan& plan, std::size_t host);

    /// All of it; ends with the run's first violation.
    void play();
    [[nodiscard]] StreamLedger& ledger() noexcept { return ledger_; }
    /// Drivers may record errors with this text. `text` outlives the stage.
    void tolerate(std::string_view text) { tolerated_errors_.push_back(text); }
    /// Called when all streams have ended, and the drivers still run.
    void at_end(std::function<void()> check) { at_end_ = std::move(check); }
    /// Sum over the drivers. For at_end().
    [[nodiscard]] std::int64_t count(memory::SystemCounter counter);

  private:
    StreamStage(Run& run, FaultSet faults);
    PublisherOptions draw_publisher(std::uint64_t key, const StreamPlan& plan);
    SubscriberOptions draw_subscriber(std::uint64_t key, const StreamPlan& plan, std::size_t host);

    void draw_links_of_the_end();
    void set_links();
    void await(std::string_view what, std::int64_t timeout_ns, const std::function<bool()>& is_so);
    void set_mark();
    [[nodiscard]] std::string what_does_not_flow(bool is_all = true);
    void flow(std::int64_t timeout_ns);
    void rest();
    void lose_host();
    void end_streams();
    void be_unheard();
    void end_programs();
    void end_drivers();

    [[nodiscard]] bool is_tolerated(std::string_view error) const;

    [[nodiscard]] StreamProgram& program(std::size_t host, std::size_t number) {
        return *programs_[host * kProgramsPerHost + number];
    }

    Run& run_;
    StreamLedger ledger_;
    StreamTraffic traffic_;
    std::vector<virtual_world::Host*> hosts_;
    std::vector<std::unique_ptr<DriverActor>> drivers_;
    std::vector<std::unique_ptr<StreamProgram>> programs_;
    std::uint64_t last_key_ = 0x5700;
    /// Texts of errors that drivers may have recorded.
    std::vector<std::string_view> tolerated_errors_;
    virtual_world::LinkOptions link_of_the_end_;
    bool is_link_given_ = false;
    std::function<void()> at_end_;
};

}  // namespace tern::sim

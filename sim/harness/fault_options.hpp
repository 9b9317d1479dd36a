#pragma once
// Which faults happen in a run, and how strongly: drawn from the seed. Each run switches on a
// random subset (swarm testing): faults that are always on hide from each other what they could do.
//
// To add a fault: a value of FaultKind with its name, its draw in fault_options.cpp, and, if it is
// one that comes and goes, its doing in nemesis.cpp.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tern/platform/sim/options.hpp"

namespace tern::sim {

namespace virtual_world = platform::sim;

enum class FaultKind : std::uint8_t {
    // All the time.
    delay,
    loss,
    burst_loss,
    duplication,
    reordering,
    damage,
    link_stalls,
    narrow_links,
    short_sends,
    disk_latency,
    disk_errors,  ///< reads, writes and syncs fail with EIO
    preemption,
    clock_drift,
    // Now and then, for a while.
    partition,
    one_way_partition,
    dead_link,
    slow_link,
    full_disk,
    pause,  ///< of a process
    // Now and then.
    clock_jump,
    kill,         ///< of a process
    close,        ///< of a process, as SIGTERM does it
    host_crash,   ///< with its disk's unsynced writes lost or torn
    bit_rot,      ///< in files at rest
    older_files,  ///< a directory comes back as it once was, or empty
    count_,
};
[[nodiscard]] std::string_view to_string(FaultKind kind) noexcept;

class FaultSet {
  public:
    constexpr FaultSet() = default;
    constexpr FaultSet(std::initializer_list<FaultKind> kinds) {
        for (const FaultKind kind : kinds) *this = with(kind);
    }
    [[nodiscard]] static constexpr FaultSet all() { return FaultSet((bit(FaultKind::count_)) - 1); }
    [[nodiscard]] constexpr bool has(FaultKind kind) const { return (bits_ & bit(kind)) != 0; }
    [[nodiscard]] constexpr bool has_any(FaultSet others) const {
        return (bits_ & others.bits_) != 0;
    }
    [[nodiscard]] constexpr FaultSet with(FaultKind kind) const {
        return FaultSet(bits_ | bit(kind));
    }
    [[nodiscard]] friend constexpr FaultSet operator|(FaultSet a, FaultSet b) {
        return FaultSet(a.bits_ | b.bits_);
    }
    [[nodiscard]] constexpr FaultSet without(FaultSet others) const {
        return FaultSet(bits_ & ~others.bits_);
    }

  private:
    static constexpr std::uint32_t bit(FaultKind kind) {
        return std::uint32_t{1} << static_cast<unsigned>(kind);
    }
    explicit constexpr FaultSet(std::uint32_t bits) : bits_(bits) {}
    std::uint32_t bits_ = 0;
};

/// Of the datagrams on the network.
inline constexpr FaultSet kNetworkFaults{FaultKind::delay,
                                         FaultKind::loss,
                                         FaultKind::burst_loss,
                                         FaultKind::duplication,
                                         FaultKind::reordering,
                                         FaultKind::damage,
                                         FaultKind::link_stalls,
                                         FaultKind::narrow_links,
                                         FaultKind::short_sends,
                                         FaultKind::partition,
                                         FaultKind::one_way_partition,
                                         FaultKind::dead_link,
                                         FaultKind::slow_link};

struct FaultOptions {
    FaultSet on;
    virtual_world::WorldOptions world;  ///< with all that happens all the time
    /// Between two faults that come now and then, and how long those last that go again.
    virtual_world::Range interval_ns{500'000'000, 5'000'000'000};
    virtual_world::Range duration_ns{1'000'000, 3'000'000'000};
    std::int64_t max_drift_ppm = 0;
    std::int64_t max_clock_jump_ns = 0;

    /// Each of the possible faults is on or off.
    [[nodiscard]] static FaultOptions draw(std::uint64_t seed, FaultSet possible);
    /// What is on, with its strength.
    [[nodiscard]] std::string to_string() const;
};

}  // namespace tern::sim

#pragma once
// Every fault that the simulator can cause, with its range. Times are virtual ns; chances are
// parts per million, 0 (never) to 1'000'000 (always), drawn from the seed.

#include <cstdint>

#include "tern/platform/sim/prng.hpp"

namespace tern::platform::sim {

/// One direction between two hosts, or a host's loopback. Datagrams keep their order, unless
/// reordered or copied; so after a change to a shorter delay none overtakes those under way.
struct LinkOptions {
    Range delay_ns{20'000, 200'000};  ///< per datagram; min >= 0
    std::uint32_t loss_ppm = 0;       ///< lost without a trace
    // Losses in bursts (Gilbert and Elliott). With each datagram a good link may turn bad and a
    // bad one good; while it is bad, burst_loss_ppm is in the place of loss_ppm.
    std::uint32_t burst_begin_ppm = 0;
    std::uint32_t burst_end_ppm = 100'000;  ///< a burst is 1 / this long on average: 10 datagrams
    std::uint32_t burst_loss_ppm = kPpm;
    std::uint32_t duplicate_ppm = 0;            ///< a second copy, with a delay of its own
    std::uint32_t reorder_ppm = 0;              ///< late by reorder_delay_ns; others overtake it
    Range reorder_delay_ns{50'000, 2'000'000};  ///< min >= 0
    std::uint32_t damage_ppm = 0;               ///< arrives damaged (damage.hpp)
    std::uint32_t damaged_copy_ppm = 0;  ///< a damaged copy arrives too, with a delay of its own
    /// 0: unlimited. Otherwise what is sent faster waits in a queue, and what finds no room in it
    /// is dropped.
    std::int64_t bytes_per_second = 0;
    std::int64_t queue_length = 256 * 1024;  ///< bytes; 0 to 2^30
    /// From this datagram on the link stalls for stall_ns: what is sent meanwhile arrives at its
    /// end, in a burst.
    std::uint32_t stall_ppm = 0;
    Range stall_ns{1'000'000, 100'000'000};  ///< min >= 0
};

struct NetworkOptions {
    LinkOptions link;                     ///< between hosts, unless set for a pair of them
    LinkOptions loopback{{500, 20'000}};  ///< within a host
    /// A send() call takes only some of its datagrams, as if the socket buffer had filled up.
    std::uint32_t short_send_ppm = 0;
};

/// What a crash of the host (power, kernel) does to its disk. A crash of a process does nothing:
/// the kernel has its writes.
struct CrashOptions {
    std::uint32_t lose_page_ppm = 500'000;  ///< an unsynced page is as it was at the last sync
    std::uint32_t tear_page_ppm = 100'000;  ///< else: only some of its 512-byte sectors are new
    std::uint32_t lose_size_ppm = 500'000;  ///< an unsynced size is as it was at the last sync
    /// Creations, renames and removals since the last Storage::sync_directory() are undone from
    /// some point on; never out of order, as journaling file systems have it. Syncing a file does
    /// not keep its name.
    std::uint32_t lose_directory_changes_ppm = 500'000;
    bool shared_memory_survives = false;  ///< files below /dev/shm are not gone
};

struct DiskOptions {
    static constexpr std::int64_t kBoundless = std::int64_t{1} << 40;  ///< never full
    std::int64_t capacity = kBoundless;                                ///< bytes of the disk
    std::int64_t shared_memory_capacity = kBoundless;                  ///< bytes below /dev/shm
    std::uint32_t read_error_ppm = 0;   ///< a read of a file fails with EIO
    std::uint32_t write_error_ppm = 0;  ///< a write to a file fails with EIO, having done nothing
    std::uint32_t sync_error_ppm = 0;   ///< a sync fails with EIO; nothing became durable
    // How long each operation on a file takes, a failing one too; min >= 0, {0, 0}: no time. A
    // change of a size counts as a write, a sync of a directory as a sync; what is below /dev/shm
    // takes no time. Told to Disk::on_latency().
    Range read_latency_ns{0, 0};
    Range write_latency_ns{0, 0};
    Range sync_latency_ns{0, 0};
    std::uint32_t stall_ppm = 0;              ///< a read, write or sync takes stall_ns more
    Range stall_ns{10'000'000, 500'000'000};  ///< min >= 0
    CrashOptions crash;
};

/// How agents get their turns, each as if on a thread of its own.
struct ScheduleOptions {
    Range busy_step_ns{1'000, 50'000};     ///< from a turn with work to the next; min >= 1
    std::int64_t max_idle_ns = 1'000'000;  ///< idle agents wait longer and longer, up to this
    std::uint32_t skip_turn_ppm = 50'000;  ///< a turn comes a step later than it was due
    /// A call of the platform interrupts the turn, as if the thread lost its processor there.
    std::uint32_t preempt_ppm = 0;
    Range preempt_ns{1'000, 2'000'000};  ///< for so long
};

struct WorldOptions {
    NetworkOptions network;
    ScheduleOptions schedule;
    DiskOptions disk;  ///< of each host; Host::disk() may change its own
    /// Each host's monotonic clock has an origin of its own, drawn from here.
    Range clock_origin_ns{1'000'000'000, 1'000'000'000'000};
    /// Each host's wall clock is off by so much, drawn from here.
    Range clock_skew_ns{-2'000'000, 2'000'000};
};

}  // namespace tern::platform::sim

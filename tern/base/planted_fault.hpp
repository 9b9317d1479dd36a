#pragma once
// Faults that tests plant in production code, to prove that other tests would notice them.
//
//     if (planted(Fault::skip_archive_client_close)) return;
//
// At most one at a time, for the whole process. Only where TERN_PLANTED_FAULTS is defined (CMake:
// the presets debug, asan and sim); elsewhere planted() is a constant and nothing is left of it.
// `sim/` and `tests/` plant them, by hand or by name; nobody else.
//
// To add one: a line in the list below, and one `if (planted(...))` where the mistake would be
// made. It should cost a user something: data, order, liveness, a clean end.
//
// Thread safety: all of it.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#ifdef TERN_PLANTED_FAULTS
#include <atomic>
#endif

/// X(name, room where the mistake is made, what goes wrong).
#define TERN_FAULT_LIST(X)                                                                         \
    /* The founding bug, and the other orders of closing that CST-14 forbids. */                   \
    X(skip_archive_client_close, "cluster", "the module never closes its archive session")         \
    X(request_after_close_session, "archive", "the client sends something on a session it ended")  \
    X(close_aeron_before_archive_client, "cluster", "the module closes its client first")          \
    X(skip_snapshot_archive_client_close, "cluster", "a snapshot's archive session is left open")  \
    X(abandon_session_being_made, "archive", "a client closed while it connects says nothing")     \
    X(leave_replays_running, "cluster", "module and container do not stop their replays")          \
    X(close_archive_before_module, "node", "the archive goes while the module needs it")           \
    X(close_driver_before_archive, "node", "the driver goes while the archive needs it")           \
    X(close_container_beside_module, "node", "the container goes while the module runs")           \
    /* Transport: receivers. */                                                                    \
    X(nak_never_repeated, "driver", "a lost NAK, or a lost answer to it, stops the stream")        \
    X(nak_forgotten_at_term_end, "driver", "a gap that reaches a term's end is never reported")    \
    X(tail_loss_unnoticed, "driver", "heartbeats do not tell that the last frames were lost")      \
    X(reliable_gap_padded, "driver", "lost frames of a reliable stream are padded over")           \
    X(status_message_never_repeated, "driver", "a status message is not sent again while idle")    \
    X(unread_bytes_acknowledged, "driver",                                                         \
      "the window moves with what arrived, not what was read")                                     \
    X(setup_elicited_only_once, "driver", "a lost request for a SETUP is never repeated")          \
    X(session_cools_down_for_ever, "driver",                                                       \
      "a session whose image timed out is never let in again")                                     \
    X(heartbeat_keeps_nothing_alive, "driver", "an image of an idle stream times out")             \
    X(image_ends_before_repair, "driver", "end of stream ends an image that still has gaps")       \
    X(image_ends_while_read, "driver", "an ended image is taken from a slow subscriber")           \
    X(image_term_not_cleaned, "driver", "a term is used again with old frames in it")              \
    X(stale_datagram_inserted, "driver",                                                           \
      "a datagram from behind the window is written to the log")                                   \
    X(truncated_datagram_taken, "logbuffer", "a frame longer than its datagram is accepted")       \
    /* Transport: senders. */                                                                      \
    X(retransmit_lingers_for_ever, "driver", "the same loss is never answered a second time")      \
    X(retransmit_from_active_term, "driver",                                                       \
      "a loss in an earlier term is answered from this one")                                       \
    X(late_receiver_gets_no_setup, "driver", "only a stream's first receiver is sent SETUPs")      \
    X(dead_receiver_never_forgotten, "driver", "a stream stays connected to receivers that died")  \
    X(silent_group_member_never_dropped, "driver", "a dead member of a group holds up the others") \
    X(group_ignores_slowest_member, "driver", "a group with fc=min waits for nobody")              \
    X(end_of_stream_too_early, "driver", "end of stream is told before the last data is sent")     \
    X(closed_stream_not_repaired, "driver", "a closed stream repairs no loss any more")            \
    /* Transport: within a machine. */                                                             \
    X(ipc_ignores_slowest_subscriber, "driver", "IPC data is overwritten before all have read it") \
    X(ipc_ends_before_drained, "driver", "a closed IPC stream is taken from its subscribers")      \
    X(abandoned_claim_never_unblocked, "logbuffer", "a claim of a dead client stops the stream")   \
    X(dead_client_unnoticed, "driver", "what belonged to a dead client is kept for ever")          \
    X(subscriber_position_left, "driver", "a closed subscription leaves its position counters")    \
    X(aborted_fragment_lost, "client", "a fragment that its handler aborted is not polled again")  \
    /* Transport: destinations, spies, subscribers that nobody waits for. */                       \
    X(manual_destination_unused, "driver", "only a publication's first destination is sent to")    \
    X(receive_destination_unread, "driver", "only a subscription's first destination is read")     \
    X(removed_destination_keeps_socket, "driver", "a receive destination cannot come back")        \
    X(spies_not_waited_for, "driver", "a slow spy is overrun")                                     \
    X(spies_connect_nobody, "driver", "ssc=true does not connect a publication to its spies")      \
    X(slow_untethered_kept, "driver", "an untethered subscriber that stands still is waited for")  \
    X(untethered_joins_the_slowest, "driver", "two that stand still keep all others there, too")   \
    X(ending_stream_keeps_untethered, "driver",                                                    \
      "a stream that has ended waits for one that was told so")                                    \
    X(tagged_group_waits_for_nobody, "driver", "fc=tagged does not see the tag of its members")    \
    X(gap_never_filled, "driver", "a stream that may lose data stands still at its first loss")    \
    X(all_sent_again, "driver", "for each loss a window's worth is sent again")                    \
    X(fragments_joined_over_gap, "client", "a message is made of what is left of its fragments")   \
    X(revoked_publication_kept, "driver", "a revoked publication is never freed")                  \
    /* Archive. */                                                                                 \
    X(position_told_before_write, "archive", "the recorded position is told before the write")     \
    X(write_error_swallowed, "archive", "a recording goes on after a failed write")                \
    X(recording_outlives_image, "archive", "a recording does not stop when its stream has ended")  \
    X(recording_not_synced, "archive", "what is told as recorded is not on the disk")              \
    X(segment_ends_late, "archive", "a recording fills a segment without beginning the next")      \
    X(new_segment_not_in_directory, "archive", "a host crash loses a whole segment file")          \
    X(stop_position_not_written, "archive", "a stopped recording has no stop position")            \
    X(auto_stop_ignored, "archive", "a recording that stops itself leaves its subscription")       \
    X(extension_leaves_hole, "archive", "a recording is extended by a stream that begins later")   \
    X(catalog_not_synced, "archive", "a host crash loses recordings from the catalog")             \
    X(last_segment_not_recovered, "archive", "recovery ends a recording one segment early")        \
    X(torn_tail_trusted, "archive", "recovery keeps a frame that was written in part")             \
    X(replay_checksum_ignored, "archive", "damaged frames are replayed")                           \
    X(replay_bound_ignored, "archive", "a bounded replay goes beyond its bound")                   \
    X(finished_replay_revoked, "archive", "the end of a replay takes away what is not yet read")   \
    X(listing_skips_when_blocked, "archive", "back pressure drops a recording from a listing")     \
    X(blocked_response_dropped, "archive", "back pressure drops the answer to a request")          \
    X(purge_takes_one_segment_more, "archive", "a purge deletes the segment that is to be first")  \
    /* Cluster. */                                                                                 \
    X(service_reads_past_commit, "cluster", "a service applies and answers what is not committed") \
    X(commit_before_recorded, "cluster", "what is appended counts as committed at once")           \
    X(service_snapshot_misses_sessions, "cluster", "a service forgets its sessions at a restart")  \
    X(module_snapshot_misses_sessions, "cluster", "the module forgets its sessions at a restart")  \
    X(snapshot_misses_timers, "cluster", "timers are lost at a restart from a snapshot")           \
    X(snapshot_misses_service_messages, "cluster",                                                 \
      "messages of a service are lost from a snapshot")                                            \
    X(snapshot_not_awaited, "cluster", "a snapshot counts before it is recorded")                  \
    X(recording_log_not_synced, "cluster", "a host crash loses terms and snapshots")               \
    X(term_led_twice, "cluster", "a restarted leader leads in its old term")                       \
    X(session_never_times_out, "cluster", "the session of a dead client stays open")               \
    X(keep_alive_ignored, "cluster", "the session of an idle client is closed")                    \
    X(closed_session_accepted, "cluster", "a command of a session that is closed is applied")      \
    X(replayed_timer_fires_again, "cluster", "a timer that the log has fired fires again")         \
    X(replayed_service_message_sent_again, "cluster", "a restart repeats a service's messages")    \
    X(kv_snapshot_loses_last_chunk, "node", "a snapshot of kv lacks its last entries")

namespace tern {

enum class Fault : std::uint8_t {
    none,
#define TERN_FAULT(name, room, effect) name,
    TERN_FAULT_LIST(TERN_FAULT)
#undef TERN_FAULT
};

struct FaultInfo {
    Fault fault;
    std::string_view name;
    std::string_view room;
    std::string_view effect;
};

/// All but `none`, in the order of the list.
inline constexpr auto kFaults = std::to_array<FaultInfo>({
#define TERN_FAULT(name, room, effect) {Fault::name, #name, room, effect},
    TERN_FAULT_LIST(TERN_FAULT)
#undef TERN_FAULT
});

[[nodiscard]] constexpr std::string_view to_string(Fault fault) noexcept {
    return fault == Fault::none ? "none" : kFaults[static_cast<std::size_t>(fault) - 1].name;
}

/// nullopt: there is no fault of that name. `none` is not one.
[[nodiscard]] constexpr std::optional<Fault> parse_fault(std::string_view name) noexcept {
    for (const FaultInfo& info : kFaults) {
        if (info.name == name) return info.fault;
    }
    return std::nullopt;
}

static_assert(parse_fault(to_string(kFaults.back().fault)) == kFaults.back().fault);

#ifdef TERN_PLANTED_FAULTS

inline std::atomic<Fault> planted_fault{Fault::none};
[[nodiscard]] inline bool planted(Fault fault) noexcept {
    return planted_fault.load(std::memory_order_relaxed) == fault;
}

/// Plants a fault for as long as it lives.
class PlantedFault {
  public:
    explicit PlantedFault(Fault fault) { planted_fault.store(fault); }
    ~PlantedFault() { planted_fault.store(Fault::none); }
    PlantedFault(const PlantedFault&) = delete;
    PlantedFault& operator=(const PlantedFault&) = delete;
};

#else

[[nodiscard]] constexpr bool planted(Fault /*fault*/) noexcept { return false; }

#endif

}  // namespace tern

// What replayers do, and auditors.

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim/actors/archive_actor.hpp"
#include "sim/actors/archive_worker.hpp"
#include "tern/base/bytes.hpp"
#include "tern/client/counter.hpp"
#include "tern/client/fragment_assembler.hpp"
#include "tern/client/image.hpp"
#include "tern/client/subscription.hpp"

namespace tern::sim {
namespace {

using archive::RecordingDescriptor;

constexpr std::int32_t kAllRecordings = 10'000;
constexpr std::int32_t kBoundTypeId = 1'001;
constexpr std::int64_t kImageNs = 12'000'000'000;
/// For an image that gets nothing any more to end by itself.
constexpr std::int64_t kReplayNs = 60'000'000'000;
constexpr int kAuditAttempts = 3;
/// Of a replay: no more than its publication's window.
constexpr std::int64_t kLastBytes = 20'000;

}  // namespace

/// All that the archive has; what it must have is there, and is as it must be.
std::vector<RecordingDescriptor> ArchiveWorker::list() {
    struct Expected {
        Entry entry;
        int version;
    };
    std::vector<Expected> expected;
    for (const auto& [id, entry] : use().book.all()) {
        const bool is_sure = !entry->may_be_gone && !entry->is_unsettled && entry->is_free();
        if (is_sure) expected.push_back({entry, entry->version});
    }
    const int epoch = use().book.epoch();
    const auto listed = std::make_shared<std::vector<RecordingDescriptor>>();
    const auto request = archive().list_recordings(
        0, kAllRecordings,
        [listed](const RecordingDescriptor& found) { listed->push_back(found); });
    if (draw_chance(30)) {  // nobody polls meanwhile
        const std::int64_t until_ns = the_run().now_ns() + draw(1, 300) * 1'000'000;
        while (!should_end() && the_run().now_ns() < until_ns) idle(0);
    }
    const auto count = ask_for(request, "a listing");
    if (!count || use().book.epoch() != epoch) return {};
    std::set<std::int64_t> ids;
    for (const auto& descriptor : *listed) ids.insert(descriptor.recording_id);
    for (const auto& [entry, version] : expected) {
        const std::int64_t id = entry->checker.recording_id();
        if (entry->version != version || use().book.find(id) != entry) continue;
        if (!ids.contains(id)) found(fmt::format("recording {} is not listed", id));
        if (entry->may_be_gone) found(fmt::format("recording {} is there again", id));
    }
    std::vector<RecordingDescriptor> sure;
    for (const auto& descriptor : *listed) {
        const Entry entry = use().book.find(descriptor.recording_id);
        const bool is_expected = std::ranges::any_of(expected, [&](const Expected& known) {
            return known.entry == entry && known.version == entry->version;
        });
        if (entry && !is_expected) continue;
        found(use().book.seen(descriptor));
        sure.push_back(descriptor);
    }
    return sure;
}

/// More than fits into the response stream, without reading any of it for a while.
void ArchiveWorker::ask_much() {
    const auto recordings = list();
    if (recordings.empty()) return;
    std::vector<std::int64_t> requests;
    for (std::int64_t i = draw(20, 200); i > 0; --i) {
        requests.push_back(archive().get_start_position(recordings.front().recording_id));
    }
    for (int i = 0; i < 10; ++i) step();
    const std::int64_t until_ns = the_run().now_ns() + draw(1, 500) * 1'000'000;
    while (!should_end() && the_run().now_ns() < until_ns) idle(0);
    for (const auto request : requests) {
        if (!ask(request, "one of many questions")) return;
    }
}

void ArchiveWorker::replay_some() {
    if (draw_chance(10)) return ask_much();
    const auto recordings = list();
    for (std::int64_t i = draw(1, 4); i > 0 && !recordings.empty() && can_go_on(); --i) {
        const auto last = static_cast<std::int64_t>(recordings.size()) - 1;
        // The latest ones are the most interesting.
        const std::int64_t index = draw_chance(50) ? draw(0, last) : last - draw(0, last) / 4;
        const std::int64_t id = recordings[static_cast<std::size_t>(index)].recording_id;
        const Entry entry = use().book.find(id);
        if (!entry || entry->is_doubtful) continue;
        const int version = entry->version;
        const auto descriptor = describe(id);
        if (!descriptor) continue;
        std::int64_t end = descriptor->stop_position;
        if (end < 0) {
            end = ask_for(archive().get_max_recorded_position(id), "a position").value_or(-1);
        }
        if (end < descriptor->start_position || entry->version != version) continue;
        if (descriptor->stop_position < 0) found(entry->checker.acknowledged(end));
        replay(*descriptor, entry, draw_part(*descriptor, entry, end));
    }
}

ArchiveWorker::Part ArchiveWorker::draw_part(const RecordingDescriptor& descriptor,
                                             const Entry& entry, std::int64_t end) {
    const auto& writer = *entry->checker.writer();
    Part part;
    part.from = descriptor.start_position;
    part.is_slow = draw_chance(40);
    const auto first = static_cast<std::int64_t>(writer.sent_up_to(part.from));
    const auto last = static_cast<std::int64_t>(writer.sent_up_to(end)) - 1;
    const auto draw_end = [&] {
        return writer.end_of(static_cast<std::uint64_t>(draw(first, last)));
    };
    const bool is_whole = last < first || draw_chance(40);
    if (!is_whole && draw_chance(70)) part.from = draw_end();
    if (descriptor.stop_position >= 0) part.end = end;
    if (!is_whole && draw_chance(40)) {
        const std::int64_t to = draw_end();
        if (to > part.from) {
            part.length = to - part.from;
            part.end = to;
        }
    } else if (draw_chance(30)) {
        part.length = INT64_MAX;
    }
    if (options().is_local && last >= first && draw_chance(40)) part.bound = draw_end();
    return part;
}

/// A replay, and whether it gave all that it had to. What it gives must be right in any case.
ArchiveWorker::Replayed ArchiveWorker::replay(const RecordingDescriptor& descriptor,
                                              const Entry& entry, const Part& part) {
    const std::int32_t stream_id = 100'000 * (options().number + 1) + next_replay_stream_++;
    const std::int64_t id = descriptor.recording_id;
    const int version = entry->version;
    const int life = use().archive->lives();
    const bool may_change = !entry->is_free() || entry->is_unsettled;
    const auto subscription = subscribe(replay_channel(), stream_id);
    if (!subscription) return Replayed::not_at_all;
    std::unique_ptr<client::Counter> bound;
    if (part.bound) {
        const auto counter = aeron().async_add_counter(kBoundTypeId, {}, "bound of a replay");
        if (!await(kImageNs, [&] { return (bound = aeron().find_counter(counter)) != nullptr; })) {
            return Replayed::not_at_all;
        }
        bound->set(*part.bound);
    }
    const auto session =
        ask_for(archive().start_replay(id, replay_channel(), stream_id,
                                       {.position = part.from,
                                        .length = part.length,
                                        .bounding_counter_id = bound ? bound->id() : -1,
                                        .file_io_max_length = -1}),
                "a replay");
    if (!session) return Replayed::not_at_all;
    if (!await(kImageNs, [&] { return subscription->image_count() > 0; })) {
        return Replayed::not_at_all;
    }
    const auto image = subscription->image_at(0);
    if (!image) return Replayed::not_at_all;
    tell(fmt::format("replays {} from {} for {} (stop {}, bound {})", id, part.from, part.length,
                     descriptor.stop_position, part.bound.value_or(-1)));
    ++use().replays;
    if (bound) ++use().bounded_replays;

    ReplayChecker checker(entry->checker, image->join_position(), descriptor.term_buffer_length);
    std::int64_t limit = part.bound.value_or(INT64_MAX);
    client::ImageFragmentAssembler<> assembler(
        [&](ConstBytes message, const client::Header& header) {
            if (entry->version != version || entry->is_doubtful || !is_alive()) return;
            found(checker.replayed(message, header.position()));
            if (header.position() > limit) {
                found(fmt::format("recording {}: replayed to {}, beyond its bound {}", id,
                                  header.position(), limit));
            }
        });
    // A closed image may know it no more, if its counter was used again before the client noticed.
    std::int64_t position = image->join_position();
    const std::int64_t patience_ns = part.end && !bound ? kReplayNs : draw(100, 5'000) * 1'000'000;
    bool has_paused = false;
    const std::int64_t deadline_ns = the_run().now_ns() + patience_ns;
    while (can_go_on() && !image->is_closed() && !image->is_end_of_stream() &&
           the_run().now_ns() < deadline_ns) {
        const int count = image->poll(assembler, part.is_slow ? 1 : 20);
        if (!image->is_closed()) position = std::max(position, image->position());
        if (part.is_slow && draw_chance(5)) pass(draw(1, 20) * 1'000'000);
        // The archive has finished before its reader has.
        if (part.is_slow && !has_paused && part.end && *part.end - position < kLastBytes) {
            has_paused = true;
            pass(draw(0, 3'000) * 1'000'000);
        }
        if (bound && draw_chance(1) && limit < INT64_MAX) {
            limit = draw_chance(20) ? INT64_MAX : limit + draw(0, 20'000);
            bound->set(limit);
        }
        step(count);
    }
    if (!is_alive()) return Replayed::not_at_all;
    const bool has_ended =
        position >= image->end_of_stream_position() && !image->is_publication_revoked();
    const bool is_known = entry->version == version && !entry->is_doubtful;
    if (is_known) found(checker.finished(position));
    if (!has_ended && !image->is_closed() && can_go_on()) {
        ask(archive().stop_replay(*session), "a replay's stop");
    }
    if (!is_known || may_change || !part.end) return Replayed::in_part;
    const bool has_archive_ended = use().archive->lives() != life || !use().archive->is_serving();
    if (has_ended && !has_archive_ended && position != *part.end && limit >= *part.end) {
        found(fmt::format("recording {}: a replay that was to end at {} ended at {}", id, *part.end,
                          position));
    }
    return position == *part.end ? Replayed::whole : Replayed::in_part;
}

// Audits ----------------------------------------------------------------------------------------

void ArchiveWorker::audit() {
    const auto recordings = list();
    if (!can_go_on()) return;
    for (const auto& listed : recordings) {
        if (!audit(listed)) return;
    }
    is_done_ = record_and_replay();
}

/// False: cannot go on.
bool ArchiveWorker::audit(const RecordingDescriptor& listed) {
    const Entry entry = use().book.find(listed.recording_id);
    if (!entry || entry->is_doubtful || entry->is_unsettled) return true;
    if (listed.stop_position < 0) return true;  // of somebody who still works
    Part part;
    part.from = listed.start_position;
    part.end = listed.stop_position;
    part.is_slow = draw_chance(20);
    if (*part.end == part.from) return true;
    for (int i = 0; i < kAuditAttempts && can_go_on(); ++i) {
        if (replay(listed, entry, part) == Replayed::whole || entry->is_rotten) return true;
    }
    if (!can_go_on()) return false;
    found(fmt::format("recording {} cannot be replayed from {} to {}", listed.recording_id,
                      part.from, *part.end));
    return false;
}

bool ArchiveWorker::record_and_replay() {
    const int before = use().recordings;
    record();
    return can_go_on() && use().recordings > before;
}

}  // namespace tern::sim

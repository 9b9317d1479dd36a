// What recorders do.

#include <fmt/format.h>

#include <algorithm>

#include "sim/actors/archive_worker.hpp"
#include "tern/client/image.hpp"
#include "tern/client/offer_result.hpp"
#include "tern/client/subscription.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/wire/channel_uri.hpp"

namespace tern::sim {
namespace {

using archive::Outcome;
using archive::SourceLocation;

constexpr std::int32_t kTermLength = 64 * 1024;
constexpr std::int64_t kConnectNs = 8'000'000'000;
/// For an image to end by its liveness timeout, and the archive to notice.
constexpr std::int64_t kStopNs = 45'000'000'000;

}  // namespace

void ArchiveWorker::record() {
    Stream stream;
    stream.stream_id = use().next_stream_id++;
    const bool is_remote = !options().is_local;
    const bool is_spied = !is_remote && draw_chance(30);
    const std::int32_t port = 20'000 + stream.stream_id;
    if (is_remote) {
        stream.channel =
            fmt::format("aeron:udp?endpoint={}:{}|term-length=64k", use().archive_host, port);
        stream.source = SourceLocation::remote;
    } else if (is_spied) {
        stream.channel =
            fmt::format("aeron:udp?endpoint=127.0.0.1:{}|ssc=true|term-length=64k", port);
    } else {
        stream.channel = fmt::format("aeron:ipc?term-length=64k|mtu={}", 1408 * draw(1, 4));
    }
    stream.longest_message = draw(64, 4'000);
    stream.is_stopping_itself = draw_chance(50);
    const bool is_recorded_first = draw_chance(50);
    if (is_recorded_first && !begin_recording(stream)) return;
    use().book.announce(stream.stream_id);
    stream.publication = publish(stream.channel, stream.stream_id);
    if (!stream.publication) return;
    stream.writer = std::make_shared<StreamWriter>(use().next_stream_key++,
                                                   static_cast<std::uint32_t>(stream.stream_id));
    use().book.add_stream(stream.stream_id, stream.publication->session_id(), stream.writer);
    if (!is_recorded_first && !begin_recording(stream)) return;
    const Entry entry = await_recording(stream);
    if (!entry) return;
    ++use().recordings;
    const auto token = std::make_shared<int>(0);
    entry->owner = token;
    publish_and_watch(stream, entry, static_cast<int>(draw(10, 400)));
    end_recording(stream, entry);
    for (std::int64_t i = draw(0, 3); i > 0 && entry->stop && can_go_on(); --i) change(entry);
}

bool ArchiveWorker::begin_recording(Stream& stream) {
    const auto answer = ask_for(archive().start_recording(stream.channel, stream.stream_id,
                                                          stream.source, stream.is_stopping_itself),
                                "a start");
    stream.subscription_id = answer.value_or(-1);
    return answer.has_value();
}

/// The recording of the stream's publication, once it has begun.
ArchiveWorker::Entry ArchiveWorker::await_recording(const Stream& stream) {
    if (!await(kConnectNs, [&] { return stream.publication->is_connected(); })) return nullptr;
    const std::int64_t deadline_ns = the_run().now_ns() + kConnectNs;
    while (can_go_on() && the_run().now_ns() < deadline_ns) {
        const int epoch = use().book.epoch();
        const auto id = ask_for(archive().find_last_matching_recording(
                                    0, "aeron", stream.stream_id, stream.publication->session_id()),
                                "the recording");
        if (!id) return nullptr;
        if (*id >= 0) {
            const auto descriptor = describe(*id);
            if (!descriptor || use().book.epoch() != epoch) return nullptr;
            found(use().book.seen(*descriptor));
            tell(fmt::format("records {}: stream {} from {}", *id, stream.stream_id,
                             descriptor->start_position));
            return use().book.find(*id);
        }
        pass(10'000'000);
    }
    return nullptr;
}

void ArchiveWorker::publish_and_watch(Stream& stream, const Entry& entry, int messages) {
    while (messages > 0 && can_go_on() && stream.publication->is_connected()) {
        messages -= offer_some(stream, std::min<int>(messages, static_cast<int>(draw(1, 40))));
        if (draw_chance(20)) {
            look_at_position(stream, entry);
        } else {
            pass(draw(0, 30) * 1'000'000);
        }
    }
}

int ArchiveWorker::offer_some(Stream& stream, int messages) {
    int offered = 0;
    for (int i = 0; i < messages; ++i) {
        const auto length = static_cast<std::size_t>(draw(32, stream.longest_message));
        const std::int64_t result = stream.publication->offer(stream.writer->next(length));
        if (result > 0) {
            stream.writer->accepted(result);
            ++offered;
            ++use().messages;
        } else {
            stream.writer->reached(stream.publication->position());
            if (result != client::kAdminAction) break;
        }
    }
    return offered;
}

/// What the archive says, or its counter shows, is recorded for good.
void ArchiveWorker::look_at_position(Stream& stream, const Entry& entry) {
    const std::int64_t id = entry->checker.recording_id();
    const auto position = options().is_local && draw_chance(50)
                              ? position_counter(id)
                              : ask_for(archive().get_recording_position(id), "a position");
    if (position && *position >= 0) found(entry->checker.acknowledged(*position));
    if (!is_alive()) return;
    stream.writer->reached(stream.publication->position());
}

std::optional<std::int64_t> ArchiveWorker::position_counter(std::int64_t recording_id) {
    const auto& counters = aeron().counters_reader();
    std::optional<std::int64_t> position;
    counters.for_each([&](std::int32_t id) {
        if (counters.type_id(id) != memory::counter_type::kRecordingPosition) return;
        if (load<std::int64_t>(counters.key(id).data()) == recording_id) {
            position = counters.value(id);
        }
    });
    return position;
}

/// The stream ends, or its recording does.
void ArchiveWorker::end_recording(Stream& stream, const Entry& entry) {
    if (!can_go_on()) return;
    if (draw_chance(60)) {
        const std::int64_t end = stream.publication->position();
        stream.publication->close();
        if (!await_stop(entry)) return;
        if (use().is_undisturbed && *entry->stop != end) {
            the_run().violation(fmt::format("recording {} stopped at {}, its stream ended at {}",
                                            entry->checker.recording_id(), *entry->stop, end));
        }
        if (stream.is_stopping_itself) {
            check_subscription_ended(stream);
        } else {
            ask(archive().stop_recording(stream.subscription_id), "a stop");
        }
        return;
    }
    std::unique_ptr<client::Subscription> reader;
    if (options().is_local && draw_chance(50)) {
        const bool is_ipc = stream.channel.starts_with("aeron:ipc");
        reader = subscribe((is_ipc ? "" : "aeron-spy:") + stream.channel, stream.stream_id);
    }
    if (!ask_for(archive().stop_recording(stream.subscription_id), "a stop")) return;
    if (!await_stop(entry)) return;
    if (reader) try_to_leave_hole(stream, entry, *reader);
    stream.publication->close();
    pass(500'000'000);  // it is no more when another goes on
    if (!entry->stop) await_stop(entry);
}

bool ArchiveWorker::await_stop(const Entry& entry) {
    const std::int64_t id = entry->checker.recording_id();
    const std::int64_t deadline_ns = the_run().now_ns() + kStopNs;
    while (can_go_on()) {
        const auto stop = ask_for(archive().get_stop_position(id), "a stop position");
        if (!stop) return false;
        if (*stop >= 0) {
            found(entry->checker.recovered(*stop,
                                           entry->is_doubtful ? Loss::allowed : Loss::forbidden));
            entry->stop = *stop;
            tell(fmt::format("recording {} stopped at {}", id, *stop));
            return true;
        }
        if (the_run().now_ns() > deadline_ns) {
            the_run().violation(fmt::format("recording {} goes on after its end", id));
            return false;
        }
        pass(20'000'000);
    }
    return false;
}

void ArchiveWorker::check_subscription_ended(const Stream& stream) {
    pass(100'000'000);
    const auto count = ask_for(
        archive().list_recording_subscriptions(0, 100, "aeron", stream.stream_id, true,
                                               [](const archive::SubscriptionDescriptor&) {}),
        "subscriptions");
    if (count && *count > 0) {
        the_run().violation(
            fmt::format("the recording of stream {} has stopped itself, but its "
                        "subscription is there",
                        stream.stream_id));
    }
}

/// The stream goes on unrecorded, and then the recording is to be extended by it: which is right
/// only where it joins the stream at its own end, behind its readers.
void ArchiveWorker::try_to_leave_hole(Stream& stream, const Entry& entry,
                                      client::Subscription& reader) {
    const auto image = reader.image_at(0);
    const auto read_all = [&] {
        if (image) image->poll([](ConstBytes, const client::Header&) {}, 1'000);
        return image && image->position() == stream.publication->position();
    };
    await(1'000'000'000, read_all);
    offer_some(stream, 20);
    await(1'000'000'000, read_all);
    pass(20'000'000);
    if (!can_go_on() || !read_all()) return;
    entry->stop.reset();
    ++entry->version;
    ask(archive().extend_recording(entry->checker.recording_id(), stream.channel, stream.stream_id,
                                   stream.source, true),
        "an extension over a hole");
    pass(200'000'000);
}

// Changes ---------------------------------------------------------------------------------------

void ArchiveWorker::change(const Entry& entry) {
    if (entry->is_unsettled || entry->is_doubtful || entry->is_rotten) return;
    ++use().changes;
    switch (draw(0, 9)) {
        case 0:
            return purge(entry);
        case 1:
        case 2:
            return truncate(entry);
        case 3:
        case 4:
            return purge_segments(entry);
        default:
            return extend(entry);
    }
}

/// Before a request that changes the recording it may be either way; afterwards it is known, unless
/// the archive's disk has failed in the midst of it.
void ArchiveWorker::settle(const Entry& entry, const std::optional<Outcome>& outcome) {
    ++entry->version;
    if (outcome && outcome->message.find("/archive/") == std::string::npos) {
        entry->is_unsettled = false;
    }
}

void ArchiveWorker::extend(const Entry& entry) {
    const std::int64_t id = entry->checker.recording_id();
    const auto& descriptor = entry->descriptor;
    Stream stream;
    stream.stream_id = descriptor.stream_id;
    auto uri = wire::ChannelUri::parse(descriptor.original_channel);
    uri.remove(wire::uri_key::kSessionId);
    const std::string channel = uri.to_string();
    stream.source = options().is_local ? SourceLocation::local : SourceLocation::remote;
    stream.is_stopping_itself = true;
    stream.longest_message = draw(64, 4'000);
    uri.put_initial_position(*entry->stop, descriptor.initial_term_id, kTermLength);
    uri.put_int("mtu", descriptor.mtu_length);
    use().book.announce(stream.stream_id);
    stream.publication = publish(uri.to_string(), stream.stream_id);
    if (!stream.publication) return;
    // Of this publication only: the one before may linger, just where the recording ends.
    stream.channel = wire::add_session_id(channel, stream.publication->session_id());
    stream.writer = std::make_shared<StreamWriter>(*entry->checker.writer());
    stream.writer->cut(*entry->stop);
    use().book.add_stream(stream.stream_id, stream.publication->session_id(), stream.writer);
    const std::int64_t old_stop = *entry->stop;
    entry->checker.continued_by(stream.writer);
    entry->stop.reset();
    ++entry->version;
    const auto subscription = ask_for(
        archive().extend_recording(id, stream.channel, stream.stream_id, stream.source, true),
        "an extension");
    if (!subscription) {
        entry->is_unsettled = true;
        return;
    }
    stream.subscription_id = *subscription;
    const bool is_connected = await(kConnectNs, [&] { return stream.publication->is_connected(); });
    std::optional<std::int64_t> position;
    for (int i = 0; is_connected && i < 100 && can_go_on(); ++i) {
        position = ask_for(archive().get_recording_position(id), "a position");
        if (!position || *position >= 0) break;
        pass(20'000'000);
    }
    if (!position || *position < 0) {
        entry->is_unsettled = true;
        return;
    }
    ++use().extensions;
    tell(fmt::format("extends {} from {}", id, old_stop));
    publish_and_watch(stream, entry, static_cast<int>(draw(10, 300)));
    end_recording(stream, entry);
}

void ArchiveWorker::truncate(const Entry& entry) {
    const auto& writer = *entry->checker.writer();
    const std::int64_t start = entry->checker.start_position();
    const auto first = static_cast<std::int64_t>(writer.sent_up_to(start));
    const auto last = static_cast<std::int64_t>(writer.sent_up_to(*entry->stop));
    if (last <= first) return;
    const std::int64_t position =
        draw_chance(20) ? start : writer.end_of(static_cast<std::uint64_t>(draw(first, last - 1)));
    const std::int64_t id = entry->checker.recording_id();
    tell(fmt::format("truncates {} from {} to {}", id, *entry->stop, position));
    const std::int64_t old_stop = *entry->stop;
    entry->is_unsettled = true;
    entry->checker.truncated(position);
    ++entry->version;
    const auto outcome = ask(archive().truncate_recording(id, position), "a truncation");
    entry->stop = outcome && outcome->ok() ? position : old_stop;
    settle(entry, outcome);
}

void ArchiveWorker::purge_segments(const Entry& entry) {
    const std::int64_t length = entry->descriptor.segment_file_length;
    const std::int64_t first = entry->checker.start_position() / length + 1;
    const std::int64_t last = *entry->stop / length;
    if (last < first) return;
    const std::int64_t position = draw(first, last) * length;
    const std::int64_t id = entry->checker.recording_id();
    tell(fmt::format("purges {} below {}", id, position));
    entry->is_unsettled = true;
    ++entry->version;
    const auto outcome = ask(archive().purge_segments(id, position), "a purge of segments");
    if (outcome && outcome->ok()) entry->checker.purged_below(position);
    settle(entry, outcome);
}

void ArchiveWorker::purge(const Entry& entry) {
    const std::int64_t id = entry->checker.recording_id();
    tell(fmt::format("purges {}", id));
    entry->is_unsettled = true;
    entry->may_be_gone = true;
    ++entry->version;
    const auto outcome = ask(archive().purge_recording(id), "a purge");
    if (outcome && outcome->ok()) {
        entry->stop.reset();
    } else if (outcome) {
        entry->may_be_gone = false;
    }
    settle(entry, outcome);
}

}  // namespace tern::sim

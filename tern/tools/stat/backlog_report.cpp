#include "tern/tools/stat/backlog_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tern/memory/counter_types.hpp"
#include "tern/tools/stat/difference.hpp"
#include "tern/tools/text.hpp"

namespace tern::tools {

using nlohmann::ordered_json;

namespace {

using namespace memory::counter_type;

enum class Field : std::uint8_t { position, limit };

void take(std::optional<Backlog::Party>& party, const StreamCounter& counter, Field field) {
    if (!party) party.emplace();
    party->registration_id = counter.registration_id;
    (field == Field::position ? party->position : party->limit) = counter.value;
}

void take(Backlog& backlog, const StreamCounter& counter) {
    switch (counter.type_id) {
        case kPublisherPosition:
            return take(backlog.publisher, counter, Field::position);
        case kPublisherLimit:
            return take(backlog.publisher, counter, Field::limit);
        case kSenderPosition:
            return take(backlog.sender, counter, Field::position);
        case kSenderLimit:
            return take(backlog.sender, counter, Field::limit);
        case kReceiverPosition:
            return take(backlog.receiver, counter, Field::position);
        case kReceiverHighWaterMark:
            return take(backlog.receiver, counter, Field::limit);
        case kSubscriberPosition:
            backlog.subscribers.push_back({counter.registration_id, counter.value});
            return;
        default:
            return;
    }
}

void add_publisher_text(const Backlog& backlog, std::string& text) {
    const auto out = std::back_inserter(text);
    const Backlog::Party& publisher = *backlog.publisher;
    fmt::format_to(out,
                   "\n┌─for publisher {} the last sampled position is {} (~{} bytes before "
                   "back-pressure)",
                   publisher.registration_id, publisher.position,
                   difference(publisher.limit, publisher.position));
    if (!backlog.sender) {
        text += "\n└─no sender";
        return;
    }
    const Backlog::Party& sender = *backlog.sender;
    fmt::format_to(out, "\n└─sender {}", sender.registration_id);
    const std::int64_t to_send = difference(publisher.position, sender.position);
    if (to_send >= 0) {
        fmt::format_to(out, " has to send {} bytes", to_send);
    } else {
        fmt::format_to(out, " is at position {}", sender.position);
    }
    fmt::format_to(out, " ({} bytes remaining in the sender window)",
                   difference(sender.limit, sender.position));
}

void add_receiver_text(const Backlog& backlog, std::string& text) {
    const auto out = std::back_inserter(text);
    const Backlog::Party& receiver = *backlog.receiver;
    fmt::format_to(out, "\n┌─receiver {} is at position {}", receiver.registration_id,
                   receiver.position);
    for (const Backlog::Subscriber& subscriber : backlog.subscribers) {
        fmt::format_to(out, "\n{}─subscriber {} has {} backlog bytes",
                       &subscriber == &backlog.subscribers.back() ? "└" : "├",
                       subscriber.registration_id, difference(receiver.limit, subscriber.position));
    }
}

ordered_json publisher_json(const Backlog& backlog) {
    if (!backlog.publisher) return nullptr;
    const Backlog::Party& publisher = *backlog.publisher;
    return {{"registration_id", publisher.registration_id},
            {"position", publisher.position},
            {"limit", publisher.limit},
            {"window", difference(publisher.limit, publisher.position)}};
}

ordered_json sender_json(const Backlog& backlog) {
    if (!backlog.sender) return nullptr;
    const Backlog::Party& sender = *backlog.sender;
    ordered_json json{{"registration_id", sender.registration_id},
                      {"position", sender.position},
                      {"limit", sender.limit},
                      {"window", difference(sender.limit, sender.position)}};
    json["to_send"] = backlog.publisher
                          ? ordered_json(difference(backlog.publisher->position, sender.position))
                          : ordered_json(nullptr);
    return json;
}

ordered_json receiver_json(const Backlog& backlog) {
    if (!backlog.receiver) return nullptr;
    return {{"registration_id", backlog.receiver->registration_id},
            {"position", backlog.receiver->position},
            {"high_water_mark", backlog.receiver->limit}};
}

ordered_json subscribers_json(const Backlog& backlog) {
    auto list = ordered_json::array();
    for (const Backlog::Subscriber& subscriber : backlog.subscribers) {
        ordered_json json{{"registration_id", subscriber.registration_id},
                          {"position", subscriber.position}};
        json["backlog"] =
            backlog.receiver
                ? ordered_json(difference(backlog.receiver->limit, subscriber.position))
                : ordered_json(nullptr);
        list.push_back(std::move(json));
    }
    return list;
}

}  // namespace

std::vector<Backlog> backlogs_of(std::span<const Stream> streams) {
    std::vector<Backlog> backlogs;
    backlogs.reserve(streams.size());
    for (const Stream& stream : streams) {
        Backlog& backlog = backlogs.emplace_back();
        backlog.name = stream.name;
        for (const StreamCounter& counter : stream.counters) take(backlog, counter);
        std::ranges::sort(backlog.subscribers, {}, &Backlog::Subscriber::registration_id);
    }
    return backlogs;
}

std::string backlog_text(std::span<const Backlog> backlogs) {
    std::string text;
    for (const Backlog& backlog : backlogs) {
        fmt::format_to(std::back_inserter(text),
                       "sessionId={} streamId={} channel={} : ", backlog.name.session_id,
                       backlog.name.stream_id, printable(backlog.name.channel));
        if (backlog.publisher) add_publisher_text(backlog, text);
        if (backlog.receiver) add_receiver_text(backlog, text);
        text += "\n\n";
    }
    return text;
}

ordered_json backlog_json(std::span<const Backlog> backlogs) {
    auto list = ordered_json::array();
    for (const Backlog& backlog : backlogs) {
        list.push_back({{"session_id", backlog.name.session_id},
                        {"stream_id", backlog.name.stream_id},
                        {"channel", backlog.name.channel},
                        {"publisher", publisher_json(backlog)},
                        {"sender", sender_json(backlog)},
                        {"receiver", receiver_json(backlog)},
                        {"subscribers", subscribers_json(backlog)}});
    }
    return list;
}

}  // namespace tern::tools

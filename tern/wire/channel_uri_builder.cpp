#include "tern/wire/channel_uri_builder.hpp"

#include <fmt/format.h>

#include "tern/base/duration.hpp"
#include "tern/base/math.hpp"
#include "tern/wire/uri_parameter.hpp"

namespace tern::wire {
namespace {

void require(bool condition, const std::string& message) {
    if (!condition) throw ChannelUriError(message);
}

void check_key(std::string_view key) {
    require(!key.empty() && key.find_first_of("|=?") == std::string_view::npos,
            fmt::format("invalid key: '{}'", key));
}

/// "NAME[,g:GROUP][,t:TIMEOUT]"
[[nodiscard]] std::string flow_control_text(std::string_view name, const std::string& group,
                                            std::optional<std::int64_t> timeout_ns) {
    std::string text(name);
    if (!group.empty()) text.append(",g:").append(group);
    if (timeout_ns) {
        require(*timeout_ns >= 0, fmt::format("timeout cannot be negative: {}", *timeout_ns));
        text.append(",t:").append(format_duration_ns(*timeout_ns));
    }
    return text;
}

[[nodiscard]] std::string group_size_text(std::optional<std::int32_t> min_size) {
    if (!min_size) return {};
    require(*min_size >= 0, fmt::format("group min size cannot be negative: {}", *min_size));
    return fmt::format("/{}", *min_size);
}

}  // namespace

ChannelUriBuilder::ChannelUriBuilder(const ChannelUri& channel) : uri_(channel.media()) {
    uri_.set_spy(channel.is_spy());
    channel.for_each([this](std::string_view key, std::string_view value) {
        // What a builder can say of a group is true, false or nothing, which infers it.
        if (key == uri_key::kGroup && value == "infer") return;
        put(key, value);
    });
}

ChannelUriBuilder& ChannelUriBuilder::clear() {
    uri_ = ChannelUri(uri_.media());
    return *this;
}

ChannelUriBuilder& ChannelUriBuilder::copy(std::string_view key, const ChannelUri& from) {
    return put(key, from.get(key));
}

ChannelUriBuilder& ChannelUriBuilder::media(Media media) {
    uri_.set_media(media);
    return *this;
}

ChannelUriBuilder& ChannelUriBuilder::spy(bool is_spy) {
    uri_.set_spy(is_spy);
    return *this;
}

ChannelUriBuilder& ChannelUriBuilder::tags(std::int64_t channel_tag, Int64 entity_tag) {
    return put(uri_key::kTags, entity_tag ? fmt::format("{},{}", channel_tag, *entity_tag)
                                          : std::to_string(channel_tag));
}

ChannelUriBuilder& ChannelUriBuilder::tagged_session_id(std::int64_t tag) {
    return put(uri_key::kSessionId, fmt::format("tag:{}", tag));
}

bool ChannelUriBuilder::is_session_id_tagged() const { return uri_.session_id_tag().has_value(); }

ChannelUriBuilder& ChannelUriBuilder::initial_position(std::int64_t position,
                                                       std::int32_t initial_term_id,
                                                       std::int32_t term_length) {
    this->term_length(term_length);
    uri_.put_initial_position(position, initial_term_id, term_length);
    return *this;
}

ChannelUriBuilder& ChannelUriBuilder::min_flow_control(Int32 group_min_size, Int64 timeout_ns) {
    return flow_control(flow_control_text("min", group_size_text(group_min_size), timeout_ns));
}

ChannelUriBuilder& ChannelUriBuilder::tagged_flow_control(Int64 group_tag, Int32 group_min_size,
                                                          Int64 timeout_ns) {
    const std::string group =
        (group_tag ? std::to_string(*group_tag) : std::string()) + group_size_text(group_min_size);
    return flow_control(flow_control_text("tagged", group, timeout_ns));
}

ChannelUriBuilder& ChannelUriBuilder::response_prototype() {
    return put(uri_key::kResponseCorrelationId, "prototype");
}

ChannelUriBuilder& ChannelUriBuilder::put(std::string_view key, Text value) {
    check_key(key);
    return set(key, value);
}

ChannelUriBuilder& ChannelUriBuilder::set(std::string_view key, Text value) {
    if (!value) {
        uri_.remove(key);
        return *this;
    }
    require(value->find('|') == std::string_view::npos,
            fmt::format("a value cannot contain '|': {}={}", key, *value));
    uri_.put(key, checked_uri_value(key, *value));
    return *this;
}

ChannelUriBuilder& ChannelUriBuilder::set(std::string_view key, Bool value) {
    return value ? set(key, Text(*value ? "true" : "false")) : set(key, Text());
}

ChannelUriBuilder& ChannelUriBuilder::set(std::string_view key, Int32 value) {
    return value ? set(key, Int64(*value)) : set(key, Text());
}

ChannelUriBuilder& ChannelUriBuilder::set(std::string_view key, Int64 value) {
    return value ? set(key, Text(std::to_string(*value))) : set(key, Text());
}

const ChannelUriBuilder& ChannelUriBuilder::validate() const {
    const bool has_address = uri_.contains(uri_key::kEndpoint) || uri_.contains(uri_key::kControl);
    require(uri_.is_ipc() || has_address,
            "either 'endpoint' or 'control' must be specified for UDP.");
    const auto initial_term_id = uri_.get_int32(uri_key::kInitialTermId);
    const auto term_id = uri_.get_int32(uri_key::kTermId);
    const auto term_offset = uri_.get_int32(uri_key::kTermOffset);
    const int parts =
        int{initial_term_id.has_value()} + int{term_id.has_value()} + int{term_offset.has_value()};
    require(parts == 0 || parts == 3,
            "either all or none of the parameters ['initialTermId', 'termId', 'termOffset'] must "
            "be provided");
    if (parts == 0) return *this;
    require(wrapping_sub(*term_id, *initial_term_id) >= 0,
            fmt::format("difference greater than 2^31 - 1: termId={} - initialTermId={}", *term_id,
                        *initial_term_id));
    const auto term_length = uri_.get_size(uri_key::kTermLength);
    require(!term_length || *term_offset <= *term_length,
            fmt::format("termOffset={} > termLength={}", *term_offset, term_length.value_or(0)));
    return *this;
}

}  // namespace tern::wire

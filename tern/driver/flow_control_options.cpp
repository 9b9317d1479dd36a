// The `fc` parameter of a channel (DSR-4.2).
#include <fmt/core.h>

#include <charconv>
#include <limits>

#include "tern/base/duration.hpp"
#include "tern/base/error.hpp"
#include "tern/driver/flow_control.hpp"

namespace tern::driver {

namespace {

using Strategy = FlowControlOptions::Strategy;

template <typename T>
std::optional<T> parse_number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

[[noreturn]] void fail(std::string_view what, std::string_view field, std::string_view options) {
    throw Error(
        fmt::format("Flow control options - {}, field: {}, options: {}", what, field, options));
}

/// "<tag>", "<tag>/<n>" or "/<n>".
void parse_group(std::string_view text, std::string_view field, std::string_view all,
                 FlowControlOptions& options) {
    const std::size_t slash = text.find('/');
    const std::string_view tag = text.substr(0, slash);
    if (!tag.empty()) {
        options.group_tag = parse_number<std::int64_t>(tag);
        if (!options.group_tag) fail("invalid group", field, all);
    }
    if (slash == std::string_view::npos) return;
    options.group_min_size = parse_number<std::int32_t>(text.substr(slash + 1));
    if (!options.group_min_size || *options.group_min_size < 0) {
        fail("Group count invalid", field, all);
    }
}

void parse_option(std::string_view field, std::string_view all, FlowControlOptions& options) {
    const bool counts_receivers = options.strategy != Strategy::max;
    if (field.starts_with("rrwm:")) {
        options.retransmit_window_multiple = parse_number<std::int32_t>(field.substr(5));
        if (!options.retransmit_window_multiple || *options.retransmit_window_multiple <= 0) {
            fail("invalid flow control retransmit receiver window multiple", field, all);
        }
    } else if (counts_receivers && field.starts_with("t:") && field.size() > 2) {
        options.receiver_timeout_ns = parse_duration_ns(field.substr(2));
        if (!options.receiver_timeout_ns) fail("invalid timeout", field, all);
    } else if (counts_receivers && field.starts_with("g:") && field.size() > 2) {
        parse_group(field.substr(2), field, all, options);
    } else {
        fail("unrecognised option", field, all);
    }
}

}  // namespace

FlowControlOptions parse_flow_control(std::string_view value, std::string_view uri) {
    FlowControlOptions options;
    const std::size_t comma = value.find(',');
    const std::string_view name = value.substr(0, comma);
    if (name.empty()) {
        throw Error(fmt::format("No flow control strategy name specified, URI: {}", uri));
    }
    if (name == "max") {
        options.strategy = Strategy::max;
    } else if (name == "min") {
        options.strategy = Strategy::min;
    } else if (name == "tagged") {
        options.strategy = Strategy::tagged;
    } else {
        throw Error(fmt::format("Invalid flow control strategy name: {} from URI: {}", name, uri));
    }
    std::string_view rest =
        comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    while (!rest.empty()) {
        const std::size_t end = rest.find(',');
        parse_option(rest.substr(0, end), value, options);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    }
    return options;
}

}  // namespace tern::driver

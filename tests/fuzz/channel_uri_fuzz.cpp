// Channel URIs: the parser, every typed getter, the printed form, and the builder on top.

#include "tern/wire/channel_uri.hpp"

#include <array>
#include <string>

#include "tern/wire/channel_uri_builder.hpp"
#include "tern/wire/uri_parameter.hpp"
#include "tests/fuzz/target.hpp"

using namespace tern;

namespace {

constexpr int kTriedKeys = 4;

void try_getters(const wire::ChannelUri& uri, std::string_view key) {
    fuzz::allow_errors([&] { static_cast<void>(uri.get_size(key)); });
    fuzz::allow_errors([&] { static_cast<void>(uri.get_duration_ns(key)); });
    fuzz::allow_errors([&] { static_cast<void>(uri.get_bool(key)); });
    fuzz::allow_errors([&] { static_cast<void>(uri.get_int32(key)); });
    fuzz::allow_errors([&] { static_cast<void>(uri.get_int64(key)); });
    fuzz::allow_errors([&] {
        // What was checked once is not changed by a second check.
        const std::string value = wire::checked_uri_value(key, *uri.get(key));
        fuzz::require(wire::checked_uri_value(key, value) == value);
    });
}

void try_parts(const wire::ChannelUri& uri) {
    fuzz::allow_errors([&] { static_cast<void>(uri.session_id()); });
    fuzz::allow_errors([&] { static_cast<void>(uri.session_id_tag()); });
    fuzz::allow_errors([&] { static_cast<void>(uri.channel_tag()); });
    fuzz::allow_errors([&] { static_cast<void>(uri.entity_tag()); });
    fuzz::allow_errors([&] {
        wire::ChannelUri resolved(uri);
        resolved.replace_endpoint_wildcard_port(uri.get_or(wire::uri_key::kControl, "a:1"));
    });
    fuzz::allow_errors([&] { static_cast<void>(wire::strip_channel(uri)); });
    static_cast<void>(wire::recording_subscription_key(1, uri));
    static_cast<void>(wire::replace_port_with_wildcard(uri.get_or(wire::uri_key::kEndpoint, "")));
    fuzz::allow_errors([&] {
        const wire::ChannelUriBuilder builder(uri);
        fuzz::require(wire::ChannelUriBuilder(builder.build()).build() == builder.build());
        static_cast<void>(builder.validate());
    });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(fuzz::input(data, size));
    fuzz::allow_errors([&] {
        const auto uri = wire::ChannelUri::parse(text);
        fuzz::require(wire::ChannelUri::parse(uri.to_string()) == uri);
        int tried = 0;  // most throw, which takes its time here
        uri.for_each([&](std::string_view key, std::string_view) {
            if (++tried <= kTriedKeys) try_getters(uri, key);
        });
        try_parts(uri);
    });
    return 0;
}

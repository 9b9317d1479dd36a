// What the builder writes, and what it refuses to.

#include "tern/wire/channel_uri_builder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tern::wire {
namespace {

using ::testing::HasSubstr;
constexpr std::int64_t kSecond = 1'000'000'000;

template <typename Set>
std::string refusal(Set&& set) {
    ChannelUriBuilder builder(Media::udp);
    try {
        set(builder);
    } catch (const ChannelUriError& error) {
        EXPECT_EQ(builder.build(), "aeron:udp") << "nothing was set";
        return error.what();
    }
    return "accepted";
}

/// Every parameter that upstream's builder has, in its order and as it prints it (CLI-21.3).
ChannelUriBuilder everything() {
    ChannelUriBuilder builder(Media::udp);
    builder.publication_window(1 << 17)
        .stream_id(-4)
        .max_resend(3)
        .untethered_resting_timeout_ns(7)
        .untethered_linger_timeout_ns(5'000)
        .untethered_window_limit_timeout_ns(10'000'000)
        .nak_delay_ns(5 * kSecond)
        .response_correlation_id(-1)
        .response_endpoint("r:1")
        .channel_send_timestamp_offset("8")
        .channel_receive_timestamp_offset("reserved")
        .media_receive_timestamp_offset("0")
        .receiver_window(1 << 16)
        .socket_rcvbuf(1 << 20)
        .socket_sndbuf(1'000)
        .spies_simulate_connection(true)
        .rejoin(false)
        .group(true)
        .tether(false)
        .end_of_stream(true)
        .sparse(false)
        .group_tag(-9)
        .flow_control("max")
        .congestion_control("cubic")
        .alias("a=b?c")
        .linger_ns(0)
        .reliable(false)
        .ttl(255)
        .session_id(-1)
        .initial_position(65536 + 64, -7, 65536)
        .mtu(8192)
        .control_mode("dynamic")
        .control_endpoint("c:2")
        .network_interface("lo")
        .endpoint("e:3")
        .tags(1, 2)
        .spy(true);
    return builder;
}

TEST(ChannelUriBuilder, PrintsAllParametersInUpstreamsOrderAndUnits) {
    const std::string all =
        "aeron-spy:aeron:udp?tags=1,2|endpoint=e:3|interface=lo|control=c:2|control-mode=dynamic|"
        "mtu=8k|term-length=64k|init-term-id=-7|term-id=-6|term-offset=64|session-id=-1|ttl=255|"
        "reliable=false|linger=0ns|alias=a=b?c|cc=cubic|fc=max|gtag=-9|sparse=false|eos=true|"
        "tether=false|group=true|rejoin=false|ssc=true|so-sndbuf=1000|so-rcvbuf=1m|rcv-wnd=64k|"
        "media-rcv-ts-offset=0|channel-rcv-ts-offset=reserved|channel-snd-ts-offset=8|"
        "response-endpoint=r:1|response-correlation-id=-1|nak-delay=5s|"
        "untethered-window-limit-timeout=10ms|untethered-linger-timeout=5us|"
        "untethered-resting-timeout=7ns|max-resend=3|stream-id=-4|pub-wnd=128k";
    EXPECT_EQ(everything().build(), all);
    EXPECT_EQ(ChannelUriBuilder(all).build(), all);
    EXPECT_EQ(everything().clear().build(), "aeron:udp");
}

TEST(ChannelUriBuilder, ValuesAreTakenOutAgainAndCopied) {
    const ChannelUri other = ChannelUri::parse("aeron:udp?mtu=64k|mtu=1408|endpoint=o:1");
    ChannelUriBuilder builder = everything();
    for (const auto key : {uri_key::kTags, uri_key::kEndpoint, uri_key::kMtu, uri_key::kLinger}) {
        builder.copy(key, other);
    }
    EXPECT_EQ(builder.uri().get("endpoint"), "o:1");
    EXPECT_EQ(builder.uri().get("mtu"), "1408");
    EXPECT_FALSE(builder.uri().contains("tags")) << "the other has none";
    EXPECT_FALSE(builder.uri().contains("linger"));
    builder.endpoint(std::nullopt).mtu(std::nullopt).rejoin(std::nullopt).group_tag(std::nullopt);
    for (const auto key : {"endpoint", "mtu", "rejoin", "gtag"}) {
        EXPECT_FALSE(builder.uri().contains(key)) << key;
    }
    EXPECT_EQ(builder.uri().get("reliable"), "false") << "rejoin does not touch it (CLI-25 15)";
    EXPECT_EQ(ChannelUriBuilder("aeron:udp?group=infer|zoo=1").build(), "aeron:udp?zoo=1");
    EXPECT_EQ(ChannelUriBuilder(Media::udp).media(Media::ipc).tags(3, {}).build(),
              "aeron:ipc?tags=3");
}

TEST(ChannelUriBuilder, FlowControlStrategies) {
    const auto min = [](auto size, auto timeout) {
        return ChannelUriBuilder(Media::ipc).min_flow_control(size, timeout).build();
    };
    EXPECT_EQ(min(std::nullopt, std::nullopt), "aeron:ipc?fc=min");
    EXPECT_EQ(min(3, std::nullopt), "aeron:ipc?fc=min,g:/3");
    EXPECT_EQ(min(3, 5 * kSecond), "aeron:ipc?fc=min,g:/3,t:5s");
    const auto tagged = [](auto tag, auto size, auto timeout) {
        return ChannelUriBuilder(Media::ipc).tagged_flow_control(tag, size, timeout).build();
    };
    EXPECT_EQ(tagged(std::nullopt, std::nullopt, 7), "aeron:ipc?fc=tagged,t:7ns");
    EXPECT_EQ(tagged(101, std::nullopt, std::nullopt), "aeron:ipc?fc=tagged,g:101");
    EXPECT_EQ(tagged(-1, 2, kSecond), "aeron:ipc?fc=tagged,g:-1/2,t:1s");
    EXPECT_THROW(min(-1, std::nullopt), ChannelUriError);
    EXPECT_THROW(min(1, -1), ChannelUriError);
}

TEST(ChannelUriBuilder, TaggedSessionsAndPrototypes) {
    ChannelUriBuilder builder("aeron:udp?endpoint=a:1|session-id=5");
    EXPECT_FALSE(builder.is_session_id_tagged());
    builder.tagged_session_id(9).response_prototype();
    EXPECT_TRUE(builder.is_session_id_tagged());
    EXPECT_EQ(builder.build(),
              "aeron:udp?endpoint=a:1|session-id=tag:9|response-correlation-id=prototype");
}

TEST(ChannelUriBuilder, RefusesWhatCannotBeAValue) {
    using B = ChannelUriBuilder;
    EXPECT_EQ(refusal([](B& b) { b.control_mode("x"); }), "invalid control mode: x");
    EXPECT_EQ(refusal([](B& b) { b.ttl(256); }), "TTL not in range 0-255: 256");
    EXPECT_EQ(refusal([](B& b) { b.ttl(-1); }), "TTL not in range 0-255: -1");
    EXPECT_EQ(refusal([](B& b) { b.mtu(65536); }), "MTU not in range 32-65504: 65536");
    EXPECT_EQ(refusal([](B& b) { b.mtu(31); }), "MTU not in range 32-65504: 31");
    EXPECT_EQ(refusal([](B& b) { b.mtu(33); }), "MTU not a multiple of FRAME_ALIGNMENT: mtu=33");
    EXPECT_EQ(refusal([](B& b) { b.term_length(65535); }),
              "Term length less than min length of 65536: length=65535");
    EXPECT_EQ(refusal([](B& b) { b.term_length(65537); }),
              "Term length not a power of 2: length=65537");
    EXPECT_EQ(refusal([](B& b) { b.term_length((1 << 30) + 1); }),
              "Term length more than max length of 1073741824: length=1073741825");
    EXPECT_EQ(refusal([](B& b) { b.term_offset(-32); }), "term offset not in range 0-1g: -32");
    EXPECT_EQ(refusal([](B& b) { b.term_offset(33); }),
              "term offset not multiple of FRAME_ALIGNMENT: 33");
    EXPECT_EQ(refusal([](B& b) { b.linger_ns(-5); }), "linger value cannot be negative: -5");
    EXPECT_THAT(refusal([](B& b) { b.nak_delay_ns(-1); }), HasSubstr("nak-delay"));
    EXPECT_THAT(refusal([](B& b) { b.socket_sndbuf(-1); }), HasSubstr("so-sndbuf=-1"));
    EXPECT_THAT(refusal([](B& b) { b.put("rcv-wnd", "2g"); }), HasSubstr("rcv-wnd=2g"));
    EXPECT_THAT(refusal([](B& b) { b.max_resend(-1); }), HasSubstr("max-resend"));
    EXPECT_EQ(refusal([](B& b) { b.channel_send_timestamp_offset("x"); }),
              "channel-snd-ts-offset must be a number or the value 'reserved' found: x");
    EXPECT_EQ(refusal([](B& b) { b.response_correlation_id(-2); }),
              "response-correlation-id must be a number greater than or equal to -1, or the value "
              "'prototype' found: -2");
    EXPECT_EQ(refusal([](B& b) { b.alias("a|eos=false"); }),
              "a value cannot contain '|': alias=a|eos=false");
    EXPECT_EQ(refusal([](B& b) { b.put("a=b", "c"); }), "invalid key: 'a=b'");
    EXPECT_EQ(refusal([](B& b) { b.put("", "c"); }), "invalid key: ''");
    EXPECT_EQ(refusal([](B& b) { b.put("session-id", "tag:x"); }),
              "'session-id' must be a valid integer");
    ChannelUriBuilder position(Media::ipc);
    EXPECT_THROW(position.initial_position(-32, 0, 65536), ChannelUriError);
    EXPECT_THROW(position.initial_position(33, 0, 65536), ChannelUriError);
    EXPECT_THROW(position.initial_position(32, 0, 3), ChannelUriError);
}

TEST(ChannelUriBuilder, ValidateLooksAtTheWhole) {
    const auto fault = [](const ChannelUriBuilder& builder) -> std::string {
        try {
            static_cast<void>(builder.validate());
        } catch (const ChannelUriError& error) {
            return error.what();
        }
        return "valid";
    };
    EXPECT_EQ(fault(everything()), "valid");
    EXPECT_EQ(fault(ChannelUriBuilder(Media::ipc)), "valid");
    EXPECT_EQ(fault(ChannelUriBuilder(Media::udp)),
              "either 'endpoint' or 'control' must be specified for UDP.");
    ChannelUriBuilder ipc(Media::ipc);
    ipc.initial_term_id(5).term_id(4);
    EXPECT_THAT(fault(ipc), HasSubstr("either all or none of the parameters"));
    EXPECT_EQ(fault(ipc.term_offset(0)),
              "difference greater than 2^31 - 1: termId=4 - initialTermId=5");
    EXPECT_EQ(fault(ipc.term_id(INT32_MIN + 4)), "valid");
    EXPECT_EQ(fault(ipc.term_length(65536).term_offset(65536 + 32)),
              "termOffset=65568 > termLength=65536");
}

TEST(ChannelUri, PartsOfOtherChannels) {
    const auto channel = ChannelUri::parse("aeron:udp?control=c:1|interface=lo|linger=1s");
    EXPECT_EQ(channel.destination("d:2").to_string(), "aeron:udp?endpoint=d:2|interface=lo");
    EXPECT_EQ(add_alias_if_absent("aeron:ipc", "x"), "aeron:ipc?alias=x");
    EXPECT_EQ(add_alias_if_absent("aeron:ipc?alias=y", "x"), "aeron:ipc?alias=y");
    EXPECT_EQ(add_alias_if_absent("aeron:ipc?", ""), "aeron:ipc?");
    const auto doubled = [](std::string_view alias) { return std::string(alias) + "2"; };
    EXPECT_EQ(transform_alias("aeron:ipc?alias=y", doubled), "aeron:ipc?alias=y2");
    EXPECT_EQ(transform_alias("aeron:ipc", doubled), "aeron:ipc?alias=2");
    EXPECT_EQ(transform_alias("aeron:ipc?alias=y", [](auto) { return std::string(); }),
              "aeron:ipc");
    EXPECT_EQ(tag_of("tag:-5"), -5);
    EXPECT_EQ(tag_of("5"), std::nullopt);
    EXPECT_THROW(static_cast<void>(tag_of("tag:")), ChannelUriError);
    EXPECT_EQ(replace_port_with_wildcard("[::1]:99"), "[::1]:0");
    EXPECT_EQ(replace_port_with_wildcard("host"), std::nullopt);
    EXPECT_EQ(replace_port_with_wildcard("[::1]"), std::nullopt);
}

}  // namespace
}  // namespace tern::wire

#include "tern/wire/channel_uri.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace tern::wire {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view channel) {
    try {
        static_cast<void>(ChannelUri::parse(channel));
    } catch (const ChannelUriError& error) {
        EXPECT_EQ(1, error.code());
        return error.what();
    }
    return "accepted";
}

template <typename Getter>
std::string error_of(std::string_view channel, Getter getter) {
    try {
        static_cast<void>(getter(ChannelUri::parse(channel)));
    } catch (const ChannelUriError& error) {
        return error.what();
    }
    return "accepted";
}

TEST(ChannelUri, ParsesMediaPrefixAndParameters) {
    const auto uri = ChannelUri::parse("aeron-spy:aeron:udp?endpoint=[::1]:40123|alias=a=b?c|x=");
    EXPECT_TRUE(uri.is_udp());
    EXPECT_TRUE(uri.is_spy());
    EXPECT_EQ("[::1]:40123", uri.get("endpoint"));
    EXPECT_EQ("a=b?c", uri.get("alias"));
    EXPECT_EQ("", uri.get("x"));
    EXPECT_EQ(std::nullopt, uri.get("end"));
    EXPECT_EQ("fallback", uri.get_or("end", "fallback"));
}

TEST(ChannelUri, AcceptsWhatEitherUpstreamAccepts) {
    for (const std::string_view text :
         {"aeron:ipc", "aeron:udp", "aeron:ipc?", "aeron:udp?endpoint=a:1|"}) {
        EXPECT_EQ("accepted", error_of(text)) << text;
    }
    EXPECT_EQ("b:2", ChannelUri::parse("aeron:udp?endpoint=a:1|endpoint=b:2").get("endpoint"));
}

TEST(ChannelUri, SaysWhatIsWrong) {
    EXPECT_THAT(error_of(""), HasSubstr("Aeron URIs must start with 'aeron:', found: "));
    EXPECT_THAT(error_of("aeron"), HasSubstr("must start with"));
    EXPECT_THAT(error_of("spy:aeron:udp"), HasSubstr("must start with"));
    EXPECT_THAT(error_of("aeron:"), HasSubstr("unknown media: "));
    EXPECT_THAT(error_of("aeron:tcp?a=b"), HasSubstr("unknown media: tcp"));
    EXPECT_THAT(error_of("aeron:udp?=x"), HasSubstr("empty key not allowed"));
    EXPECT_THAT(error_of("aeron:udp?a=b||c=d"), HasSubstr("empty key not allowed"));
    EXPECT_THAT(error_of("aeron:udp?endpoint"), HasSubstr("invalid end of key 'endpoint'"));
    EXPECT_THAT(error_of("aeron:udp?end|point=x"), HasSubstr("invalid end of key 'end'"));
    EXPECT_THAT(error_of("aeron:udp?alias=" + std::string(4080, 'x')),
                HasSubstr("URI length (4096) exceeds max supported length (4095)"));
    EXPECT_EQ("accepted", error_of("aeron:udp?alias=" + std::string(4079, 'x')));
}

TEST(ChannelUri, TypedValues) {
    const auto uri = ChannelUri::parse(
        "aeron:udp?term-length=64k|linger=5s|eos=FALSE|sparse=true|init-term-id=-7|gtag=-"
        "9000000000");
    EXPECT_EQ(65536, uri.get_size("term-length"));
    EXPECT_EQ(5'000'000'000, uri.get_duration_ns("linger"));
    EXPECT_EQ(false, uri.get_bool("eos"));
    EXPECT_EQ(true, uri.get_bool("sparse"));
    EXPECT_EQ(-7, uri.get_int32("init-term-id"));
    EXPECT_EQ(-9'000'000'000, uri.get_int64("gtag"));
    EXPECT_EQ(std::nullopt, uri.get_size("mtu"));
}

TEST(ChannelUri, RefusesValuesThatItCannotRead) {
    EXPECT_THAT(error_of("aeron:udp?mtu=12q", [](auto uri) { return uri.get_size("mtu"); }),
                HasSubstr("could not parse mtu=12q, expected a number of bytes"));
    EXPECT_THAT(
        error_of("aeron:udp?linger=5min", [](auto uri) { return uri.get_duration_ns("linger"); }),
        HasSubstr("could not parse linger=5min"));
    EXPECT_THAT(error_of("aeron:udp?eos=1", [](auto uri) { return uri.get_bool("eos"); }),
                HasSubstr("could not parse eos=1, expected true or false"));
    EXPECT_THAT(error_of("aeron:udp?ttl=", [](auto uri) { return uri.get_int32("ttl"); }),
                HasSubstr("could not parse ttl="));
    EXPECT_THAT(error_of("aeron:udp?ttl=2147483648", [](auto uri) { return uri.get_int32("ttl"); }),
                HasSubstr("an integer of 32 bits"));
}

TEST(ChannelUri, SessionIdsAndTags) {
    EXPECT_EQ(-5, ChannelUri::parse("aeron:udp?session-id=-5").session_id());
    const auto tagged = ChannelUri::parse("aeron:udp?session-id=tag:8|tags=3,4");
    EXPECT_EQ(std::nullopt, tagged.session_id());
    EXPECT_EQ(8, tagged.session_id_tag());
    EXPECT_EQ(3, tagged.channel_tag());
    EXPECT_EQ(4, tagged.entity_tag());
    const auto entity_only = ChannelUri::parse("aeron:udp?tags=,4");
    EXPECT_EQ(std::nullopt, entity_only.channel_tag());
    EXPECT_EQ(4, entity_only.entity_tag());
    EXPECT_EQ(std::nullopt, ChannelUri::parse("aeron:udp?tags=3").entity_tag());
    EXPECT_THAT(error_of("aeron:udp?tags=x", [](auto uri) { return uri.channel_tag(); }),
                HasSubstr("could not parse channel tag string: x"));
}

TEST(ChannelUri, PrintsInTheOrderOfTheBuilder) {
    auto uri = ChannelUri::parse("aeron:udp?zoo=1|alias=a|endpoint=h:1|ant=2");
    uri.put_size("term-length", 65536)
        .put_duration_ns("linger", 5'000'000)
        .put_bool("eos", false)
        .put_int("session-id", -3)
        .put("tags", "1")
        .put_if_absent("alias", "other");
    EXPECT_EQ(
        "aeron:udp?tags=1|endpoint=h:1|term-length=64k|session-id=-3|linger=5ms|alias=a|eos=false"
        "|zoo=1|ant=2",
        uri.to_string());
    EXPECT_EQ(uri, ChannelUri::parse("aeron:udp?ant=2|zoo=1|tags=1|endpoint=h:1|term-length=64k|"
                                     "session-id=-3|linger=5ms|alias=a|eos=false"));
    EXPECT_FALSE(uri == ChannelUri::parse("aeron:udp?ant=2"));
    EXPECT_EQ("aeron-spy:aeron:ipc", ChannelUri(Media::ipc).set_spy(true).to_string());
    EXPECT_EQ("aeron:ipc", ChannelUri::parse("aeron:ipc?alias=x").remove("alias").to_string());
}

TEST(ChannelUri, InitialPosition) {
    ChannelUri uri(Media::ipc);
    uri.put_initial_position(3 * 65536 + 1024, 2147483647, 65536);
    EXPECT_EQ(
        "aeron:ipc?term-length=64k|init-term-id=2147483647|term-id=-2147483646|term-offset=1024",
        uri.to_string());
}

TEST(ChannelUri, ReplacesOnlyAWildcardPort) {
    const auto replaced = [](std::string_view channel, std::string_view resolved) {
        return ChannelUri::parse(channel).replace_endpoint_wildcard_port(resolved).to_string();
    };
    EXPECT_EQ("aeron:udp?endpoint=host:4567",
              replaced("aeron:udp?endpoint=host:0", "127.0.0.1:4567"));
    EXPECT_EQ("aeron:udp?endpoint=[::1]:4567",
              replaced("aeron:udp?endpoint=[::1]:0", "[::1]:4567"));
    EXPECT_EQ("aeron:udp?endpoint=host:10", replaced("aeron:udp?endpoint=host:10", "a:4567"));
    EXPECT_EQ("aeron:udp?endpoint=a:4567", replaced("aeron:udp", "a:4567"));
    EXPECT_THROW(replaced("aeron:udp?endpoint=host:0", "127.0.0.1"), ChannelUriError);
    EXPECT_THROW(replaced("aeron:udp?endpoint=host:0", "127.0.0.1:0"), ChannelUriError);
    EXPECT_THROW(replaced("aeron:udp?endpoint=host:0", "[::1]"), ChannelUriError);
}

TEST(ChannelUri, AddSessionId) {
    EXPECT_EQ("aeron:udp?endpoint=h:1|session-id=-7",
              add_session_id("aeron:udp?session-id=3|endpoint=h:1", -7));
}

std::string stripped(std::string_view channel) {
    return strip_channel(ChannelUri::parse(channel)).to_string();
}

std::string strip_error(std::string_view channel) {
    try {
        return stripped(channel);
    } catch (const ChannelUriError& error) {
        return error.what();
    }
}

TEST(StripChannel, KeepsWhatSaysWhereTheStreamIs) {
    EXPECT_EQ("aeron:udp?endpoint=h:1|session-id=7",
              stripped("aeron-spy:aeron:udp?term-length=64k|mtu=1408|session-id=007|endpoint=h:1|"
                       "linger=5s|sparse=true|eos=false|reliable=false|unknown=1|max-resend=3"));
    EXPECT_EQ("aeron:ipc", stripped("aeron:ipc?term-length=128k"));
    EXPECT_EQ(
        "aeron:udp?tags=1,2|control=h:2|control-mode=manual|session-id=tag:5|ttl=4|alias=a|"
        "fc=min|gtag=-3|tether=true|group=false|rejoin=false|so-sndbuf=64k|rcv-wnd=1m|"
        "channel-rcv-ts-offset=reserved|response-correlation-id=prototype|stream-id=10",
        stripped("aeron:udp?stream-id=10|response-correlation-id=prototype|"
                 "channel-rcv-ts-offset=reserved|rcv-wnd=1024k|so-sndbuf=65536|rejoin=no|"
                 "group=infer|tether=TRUE|gtag=-3|fc=min|alias=a|ttl=4|session-id=tag:5|"
                 "control-mode=manual|control=h:2|tags=1,2"));
}

TEST(StripChannel, RefusesWhatUpstreamRefuses) {
    EXPECT_EQ("invalid control mode: x", strip_error("aeron:udp?control-mode=x"));
    EXPECT_EQ("'session-id' must be a valid integer", strip_error("aeron:udp?session-id=x"));
    EXPECT_EQ("TTL not in range 0-255: 256", strip_error("aeron:udp?ttl=256"));
    EXPECT_EQ("'ttl' must be a value integer", strip_error("aeron:udp?ttl=x"));
    EXPECT_EQ("'gtag' must be a valid long value", strip_error("aeron:udp?gtag=x"));
    EXPECT_EQ("stream-id must be a number", strip_error("aeron:udp?stream-id=x"));
    EXPECT_THAT(strip_error("aeron:udp?so-rcvbuf=x"), HasSubstr("so-rcvbuf"));
    EXPECT_THAT(strip_error("aeron:udp?response-correlation-id=-2"),
                HasSubstr("response-correlation-id"));
}

TEST(RecordingSubscriptionKey, NamesStreamMediaAndAddress) {
    const auto key = [](std::string_view channel) {
        return recording_subscription_key(1001, ChannelUri::parse(channel));
    };
    EXPECT_EQ("1001:udp?endpoint=localhost:3333", key("aeron:udp?endpoint=localhost:3333|alias=x"));
    EXPECT_EQ("1001:ipc", key("aeron:ipc?alias=x"));
    EXPECT_EQ("1001:udp?endpoint=a:1|interface=i|control=c:1|session-id=3|tags=1",
              key("aeron:udp?tags=1|session-id=3|control=c:1|interface=i|endpoint=a:1"));
}

}  // namespace
}  // namespace tern::wire

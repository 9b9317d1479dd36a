// What a driver answers to commands that it refuses (DRV-6.2 to DRV-6.5, DRV-7.1, DRV-7.4, DRV-7.5,
// DRV-8.4, DRV-8.5, DRV-9, DRV-10, DRV-13, DRV-15.2), as a table.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "tern/driver/testing/driver_world.hpp"

namespace tern::driver::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using wire::CommandId;

enum class What : std::uint8_t { publication, exclusive, subscription, destination, receive };

struct Refusal {
    What what;
    std::string channel;
    std::int32_t code;
    std::string text;
    std::string before = {};  ///< the channel of the same kind of thing that is there already
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
    return out << refusal.channel.substr(0, 100) << " after " << refusal.before;
}

constexpr auto P = What::publication;
constexpr auto X = What::exclusive;
constexpr auto S = What::subscription;
constexpr auto D = What::destination;
constexpr auto R = What::receive;

const std::string kUdp = "aeron:udp?endpoint=localhost:24501";

const Refusal kUriSyntax[] = {
    {P, "bad uri", 1, "Aeron URIs must start with 'aeron:', found: bad uri"},
    {S, "bad uri", 1, "Aeron URIs must start with 'aeron:', found: bad uri"},
    {P, "aeron:tcp?endpoint=localhost:1", 1, "unknown media: tcp"},
    {P, "aeron:udp?endpoint", 1, "invalid end of key"},
    {P, "aeron:udp?=x", 1, "empty key not allowed"},
    {P, "aeron:udp?alias=" + std::string(4096, 'x'), 1,
     "URI length (4112) exceeds max supported length (4095)"},
    {P, kUdp + "|eos=x", 11, "could not parse eos=x"},
    {P, kUdp + "|linger=5x", 11, "could not parse linger=5x"},
    {P, kUdp + "|mtu=x", 11, "could not parse mtu=x"},
    {P, kUdp + "|session-id=x", 11, "could not parse session-id=x"},
    {P, kUdp + "|ttl=x", 11, "could not parse ttl=x"},
    {S, kUdp + "|reliable=x", 11, "could not parse reliable=x"},
    {S, "aeron:ipc?tether=x", 11, "could not parse tether=x"},
    {S, kUdp + "|rcv-wnd=x", 11, "could not parse rcv-wnd=x"},
};

const Refusal kUdpChannels[] = {
    {P, "aeron:udp?alias=x", 1,
     "URIs for UDP must specify endpoint, control, tags, or control-mode=manual/response"},
    {P, "aeron:udp?control-mode=dynamic", 1, "explicit control expected with dynamic control mode"},
    {P, "aeron:udp?tags=x", 1, "could not parse channel tag string: x"},
    {P, kUdp + "|tags=1,x", 11, "Entity tag invalid: x"},
    {P, "aeron:udp?endpoint=nowhere:1", 9, "Unable to resolve host=(nowhere)"},
    {P, "aeron:udp?endpoint=nowhere:1", 9, "Unresolved - endpoint=nowhere:1"},
    {S, "aeron:udp?endpoint=nowhere:1", 9, "(-9) unknown host"},
    {S, "aeron-spy:aeron:udp?endpoint=nowhere:1", 9, "Unresolved - endpoint=nowhere:1"},
    {P, kUdp + "|control=nowhere:1", 9, "Unresolved - control=nowhere:1"},
    {P, "aeron:udp?endpoint=localhost", 11, "port invalid"},
    {P, "aeron:udp?endpoint=localhost:70000", 11, "port out of range"},
    {P, "aeron:udp?endpoint=:1", 11, "no address value"},
    {P, "aeron:udp?endpoint=::1:1", 11, "host address invalid"},
    {P, "aeron:udp?endpoint=224.0.1.2:1", 11, "Multicast data address must be odd"},
    {P, kUdp + "|interface=eth9:x", 11, "could not parse interface='eth9:x'"},
    {P, kUdp + "|interface={eth9}", 11, "unknown interface eth9"},
    {P, kUdp + "|interface=10.11.12.13", 11, "could not find matching interface='10.11.12.13'"},
    {S, "aeron-spy:aeron:ipc", 1, "UDP channels must use UDP URIs"},
};

const Refusal kPublications[] = {
    {P, "aeron:udp?endpoint=localhost:0", 11, "endpoint has port=0 for publication: channel="},
    {P, "aeron:udp?control=localhost:1", 11,
     "'control' parameter requires that either 'endpoint' or 'control-mode' is specified"},
    {P, kUdp + "|term-length=63k", 11, "erm length less than min length of 65536: length=64512"},
    {P, kUdp + "|term-length=2g", 11, "max length of 1073741824: length=2147483648"},
    {P, "aeron:ipc?term-length=96k", 11, "erm length not a power of 2: length=98304"},
    {P, kUdp + "|mtu=32", 11, "mtuLength must be a > HEADER_LENGTH"},
    {P, kUdp + "|mtu=65536", 11, "<= MAX_UDP_PAYLOAD_LENGTH: mtuLength=65536"},
    {P, "aeron:ipc?mtu=1400", 11,
     "mtuLength must be a multiple of FRAME_ALIGNMENT: mtuLength=1400"},
    {P, kUdp + "|max-resend=257", 11, "invalid max-resend=257, must be > 0 and <= 256"},
    {P, kUdp + "|pub-wnd=1024", 11, "pub-wnd=1024 cannot be less than the mtu=1408"},
    {P, kUdp + "|pub-wnd=64k", 11, "pub-wnd=65536 must not exceed half the term-length=65536"},
    {P, kUdp + "|init-term-id=1", 11,
     "params: init-term-id term-id term-offset must be used as a complete set"},
    {P, kUdp + "|init-term-id=1|term-id=0|term-offset=0", 11,
     "Param difference greater than 2^31 - 1: init-term-id=1 term-offset=0"},
    {P, kUdp + "|init-term-id=1|term-id=1|term-offset=65568", 11,
     "Param term-offset=65568 > term-length=65536"},
    {P, kUdp + "|init-term-id=1|term-id=1|term-offset=8", 11,
     "Param term-offset=8 must be multiple of FRAME_ALIGNMENT"},
    {P, kUdp + "|session-id=tag:9", 11, "session-id=tag:9 must reference a network publication"},
    {P, "aeron:ipc?session-id=tag:9", 11, "session-id=tag:9 must reference a network publication"},
    {P, kUdp + "|so-sndbuf=2k|mtu=4k", 11,
     "MTU greater than SO_SNDBUF for channel: mtu=4096 so-sndbuf=2048"},
    {P, "aeron:udp?control=localhost:24505|control-mode=dynamic|fc=guess", 11, "fc=guess"},
    {P, kUdp + "|response-correlation-id=-3", 11, "invalid response-correlation-id, must be"},
    {P, kUdp + "|response-correlation-id=77", 11,
     "unable to find response subscription for response-correlation-id=77"},
    {P, "aeron:udp?control=localhost:24502|control-mode=response", 11,
     "control-mode=response was specified, but no response-correlation-id set"},
    {P, "aeron:udp?control=localhost:24502|control-mode=response|response-correlation-id=77", 11,
     "image.correlationId=77 not found"},
};

/// What is there already disagrees.
const Refusal kClashes[] = {
    {P, kUdp + "|mtu=4k", 11,
     "existing publication has different 'mtu': existing=1408 requested=4096", kUdp},
    {P, kUdp + "|term-length=128k", 11,
     "existing publication has different 'term-length': existing=65536 requested=131072", kUdp},
    {P, kUdp + "|session-id=6", 11,
     "existing publication has different 'session-id': existing=5 requested=6",
     kUdp + "|session-id=5"},
    {P, "aeron:ipc?session-id=6", 11,
     "existing publication has different 'session-id': existing=5 requested=6",
     "aeron:ipc?session-id=5"},
    {P, kUdp + "|init-term-id=2|term-id=2|term-offset=0", 11,
     "existing publication has different 'init-term-id': existing=1 requested=2",
     kUdp + "|init-term-id=1|term-id=1|term-offset=0"},
    {P, kUdp + "|init-term-id=1|term-id=2|term-offset=0", 11,
     "existing publication has different 'term-id': existing=1 requested=2",
     kUdp + "|init-term-id=1|term-id=1|term-offset=0"},
    {P, kUdp + "|init-term-id=1|term-id=1|term-offset=64", 11,
     "existing publication has different 'term-offset': existing=0 requested=64",
     kUdp + "|init-term-id=1|term-id=1|term-offset=0"},
    {P, kUdp + "|ssc=true", 11,
     "existing publication has different spies simulate connection: requested=true", kUdp},
    {X, kUdp + "|session-id=5", 1,
     "existing publication has clashing sessionId=5 for streamId=1001 channel=",
     kUdp + "|session-id=5"},
    {X, "aeron:ipc?session-id=5", 1,
     "existing publication has clashing sessionId=5 for streamId=1001 channel=",
     "aeron:ipc?session-id=5"},
    {P, kUdp + "|so-sndbuf=64k", 11, "so-sndbuf=65536 does not match existing value of OS default",
     kUdp},
    {P, "aeron:udp?tags=6", 11,
     "URI must have explicit control, endpoint, or be manual control-mode when original: channel=",
     "aeron:udp?tags=5|endpoint=localhost:24503"},
    {P, "aeron:udp?tags=5|endpoint=localhost:24504", 11,
     "matching tag 5 has mismatched endpoint or control",
     "aeron:udp?tags=5|endpoint=localhost:24503"},
    {P, "aeron:udp?tags=5|control-mode=manual", 11, "matching tag 5 has mismatched control-mode",
     "aeron:udp?tags=5|endpoint=localhost:24503"},
    {S, kUdp + "|reliable=false", 11,
     "option conflicts with existing subscription: reliable=false existingChannel=", kUdp},
    {S, kUdp + "|rejoin=false", 11,
     "option conflicts with existing subscription: rejoin=false existingChannel=", kUdp},
    {S, kUdp + "|so-rcvbuf=256k", 11, "so-rcvbuf=262144 does not match existing value of 131072",
     kUdp},
    {S, kUdp + "|rcv-wnd=256k", 11,
     "Initial window greater than SO_RCVBUF for channel: rcv-wnd=262144 so-rcvbuf=131072 "
     "existingChannel=",
     kUdp},
};

const Refusal kSubscriptions[] = {
    {S, kUdp + "|session-id=tag:1", 11, "could not parse session-id=tag:1 as int32_t in URI"},
    {S, kUdp + "|control=localhost:0", 11, "control has port=0 for subscription: channel="},
    {S, kUdp + "|rcv-wnd=256k", 11,
     "Initial window greater than SO_RCVBUF for channel: rcv-wnd=262144 so-rcvbuf=131072 channel="},
};

const std::string kManual = "aeron:udp?control-mode=manual";
const std::string kNotThere = "-";  // of the publication or subscription of a destination

const Refusal kDestinations[] = {
    {D, kUdp, 3, "unknown publication registration_id=4711", kNotThere},
    {D, kUdp, 11,
     "channel does not allow manual control of destinations: publication_registration_id=", kUdp},
    {D, "aeron-spy:" + kUdp, 1,
     "Aeron spies are invalid as send destinations: aeron-spy:", kManual},
    {D, "aeron:ipc", 11, "incorrect URI format for destination: aeron:ipc", kManual},
    {D, "aeron:udp?control=localhost:1", 11, "incorrect URI format for destination:", kManual},
    {D, "aeron:udp?endpoint=localhost:0", 11,
     "endpoint has port=0 for send destination: channel=aeron:udp?endpoint=localhost:0", kManual},
    {D, kUdp + "|mtu=4k", 1, "destinations must not contain the key: mtu channel=", kManual},
    {D, kUdp + "|rcv-wnd=4k", 1, "destinations must not contain the key: rcv-wnd", kManual},
    {D, kUdp + "|so-rcvbuf=4k", 1, "destinations must not contain the key: so-rcvbuf", kManual},
    {D, kUdp + "|so-sndbuf=4k", 1, "destinations must not contain the key: so-sndbuf", kManual},
    {D, kUdp + "|response-correlation-id=4", 1,
     "destinations must not contain the key: response-correlation-id", kManual},
    {D, kUdp + "|control-mode=response", 1, "destinations may not specify control-mode=response",
     kManual},
    {R, kUdp, 2, "unknown subscription client_id=1000000 registration_id=4711", kNotThere},
    {R, kUdp, 1, "channel does not allow manual control", kUdp},
    {R, kUdp + "|mtu=4k", 1, "destinations must not contain the key: mtu channel=", kManual},
    {R, "aeron:udp?endpoint=nowhere:1", 9, "Unresolved - endpoint=nowhere:1", kManual},
    {R, "bad uri", 1, "Aeron URIs must start with", kManual},
};

class Refusals : public ::testing::TestWithParam<Refusal> {
  protected:
    std::int64_t add(What what, const std::string& channel) {
        if (what == What::subscription || what == What::receive) {
            return driver_.add_subscription(channel);
        }
        return driver_.add_publication(channel, kStreamId, what == What::exclusive);
    }
    std::int64_t ask(const Refusal& refusal, std::int64_t before) {
        switch (refusal.what) {
            case What::destination:
                return driver_.change_destination(CommandId::add_destination, before,
                                                  refusal.channel);
            case What::receive:
                return driver_.change_destination(CommandId::add_rcv_destination, before,
                                                  refusal.channel);
            default:
                return add(refusal.what, refusal.channel);
        }
    }

    DriverWorld world_;
    TestDriver& driver_ = world_.start();
};

TEST_P(Refusals, have_upstreams_code_and_text_and_leave_nothing_behind) {
    const Refusal& refusal = GetParam();
    std::int64_t before = 4711;
    if (refusal.before != kNotThere && !refusal.before.empty()) {
        const bool is_publication =
            refusal.what == What::destination || refusal.what == What::exclusive;
        before = add(is_publication ? What::publication : refusal.what, refusal.before);
        world_.pass(5 * kMs, kMs);
    } else {
        // The client is known, so that its heartbeat counter is not counted below.
        driver_.send(CommandId::add_static_counter,
                     wire::AddStaticCounter{.registration_id = 1, .key = {}, .label = {}});
        world_.pass(5 * kMs, kMs);
    }
    const std::size_t counters = driver_.counter_count();
    const std::size_t logs = driver_.log_count();
    const std::size_t sockets = world_.network.sockets.size();

    const std::int64_t id = ask(refusal, before);
    world_.pass(20 * kMs, kMs);
    const auto error = driver_.error_for(id);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->error_code, refusal.code) << error->message;
    EXPECT_THAT(std::string(error->message), HasSubstr(refusal.text));
    EXPECT_THAT(std::string(error->message), StartsWith(fmt::format("(-{}) ", refusal.code)));
    EXPECT_EQ(driver_[memory::SystemCounter::errors], 1);
    EXPECT_THAT(driver_.error_log(), HasSubstr(refusal.text));
    EXPECT_EQ(driver_.counter_count(), counters);
    EXPECT_EQ(driver_.log_count(), logs);
    EXPECT_EQ(world_.network.sockets.size(), sockets);
}

INSTANTIATE_TEST_SUITE_P(uri_syntax, Refusals, ::testing::ValuesIn(kUriSyntax));
INSTANTIATE_TEST_SUITE_P(udp_channels, Refusals, ::testing::ValuesIn(kUdpChannels));
INSTANTIATE_TEST_SUITE_P(publications, Refusals, ::testing::ValuesIn(kPublications));
INSTANTIATE_TEST_SUITE_P(clashes, Refusals, ::testing::ValuesIn(kClashes));
INSTANTIATE_TEST_SUITE_P(subscriptions, Refusals, ::testing::ValuesIn(kSubscriptions));
INSTANTIATE_TEST_SUITE_P(destinations, Refusals, ::testing::ValuesIn(kDestinations));

// Commands whose refusal does not hang on a channel.
class OtherRefusals : public Refusals {
  protected:
    void expect(std::int64_t id, std::int32_t code, std::string_view text) {
        world_.pass(5 * kMs, kMs);
        const auto error = driver_.error_for(id);
        ASSERT_TRUE(error) << text;
        EXPECT_EQ(error->error_code, code) << error->message;
        EXPECT_THAT(std::string(error->message), HasSubstr(std::string(text)));
    }
};

TEST_F(OtherRefusals, of_what_is_not_there) {
    expect(driver_.remove(CommandId::remove_publication, 99), 3,
           "unknown publication client_id=1000000 registration_id=99");
    expect(driver_.remove(CommandId::remove_subscription, 99), 2,
           "unknown subscription client_id=1000000 registration_id=99");
    expect(driver_.remove(CommandId::remove_counter, 99), 5,
           "unknown counter client_id=1000000 registration_id=99");
    expect(driver_.change_destination(CommandId::remove_destination, 99, kUdp), 3,
           "unknown publication registration_id=99");
    expect(driver_.send(CommandId::remove_destination_by_id,
                        wire::RemoveDestinationById{.registration_id = 99}),
           3, "unknown publication registration_id=99");
    expect(driver_.change_destination(CommandId::remove_rcv_destination, 99, kUdp), 2,
           "unknown subscription client_id=1000000 registration_id=99");
    expect(driver_.send(CommandId::reject_image,
                        wire::RejectImage{.image_correlation_id = 99, .reason = {}}),
           11, "Unable to resolve image for correlationId=99");
    const std::int64_t subscription = driver_.add_subscription(kManual);
    expect(driver_.change_destination(CommandId::remove_rcv_destination, subscription, "aeron:ipc"),
           2, "unknown subscription client_id=1000000");
}

/// What the system refuses is told as it tells it (DRV-6.2).
TEST_F(OtherRefusals, of_an_address_that_is_in_use) {
    driver_.add_subscription(kUdp);
    world_.pass(5 * kMs, kMs);
    const std::int64_t id = driver_.add_subscription("aeron:udp?endpoint=127.0.0.1:24501");
    expect(id, 11, "(98) Address already in use\n");
    expect(driver_.add_subscription("aeron:udp?endpoint=127.0.0.1:24501"), 11,
           "uri=aeron:udp?endpoint=127.0.0.1:24501");
    EXPECT_THAT(driver_.error_log(), HasSubstr("(98) Address already in use"));
}

TEST_F(OtherRefusals, of_a_counter_that_is_not_static) {
    const std::int64_t id = driver_.send(CommandId::add_counter,
                                         wire::AddCounter{.type_id = 1001, .key = {}, .label = {}});
    expect(driver_.send(CommandId::add_static_counter,
                        wire::AddStaticCounter{
                            .registration_id = id, .type_id = 1001, .key = {}, .label = {}}),
           11, "cannot add static counter, because a non-static counter exists (counterId=");
    EXPECT_THAT(driver_.error_log(), HasSubstr("(-11) generic error, see message"));
    EXPECT_THAT(driver_.error_log(), HasSubstr(fmt::format("registrationId={}", id)));
}

TEST_F(OtherRefusals, of_bytes_that_are_no_command) {
    driver_.send_raw(99, {});
    expect(0, 6, "command=99 unknown");
    driver_.responses.clear();
    const std::byte few[12] = {};
    driver_.send_raw(static_cast<std::int32_t>(CommandId::add_publication), few);
    expect(0, 7, "(-7) malformed command");
}

}  // namespace
}  // namespace tern::driver::testing

// tshark, which has a dissector for Aeron, reads what the Tern driver sends: each frame type that
// it knows, none of them malformed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "relayed_connection.hpp"
#include "tests/support/pcap_file.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/tern_process.hpp"

namespace tern::interop {
namespace {

using support::LossyRelay;
using ::testing::HasSubstr;
using ::testing::Not;

/// A field that is in each frame of a type; ERR has another layout since, RES and RSP_SETUP are
/// not known.
constexpr std::array<std::string_view, 7> kTypeFields = {
    "aeron.data.type", "aeron.heartbeat.type", "aeron.pad.type", "aeron.setup.type",
    "aeron.sm.type",   "aeron.nak.type",       "aeron.rtt.type"};

/// PI_MALFORMED; other notes, on sequence, are about the losses.
constexpr const char* kMalformedGroup = "117440512";

/// What `tshark -r FILE` prints for the fields, one line for each datagram, separated by tabs.
std::vector<std::string> dissect(const std::string& path,
                                 const std::vector<std::string_view>& fields) {
    platform::posix::ProcessOptions options;
    options.arguments = {"tshark", "-r", path, "--enable-heuristic", "aeron_udp", "-T", "fields"};
    for (const std::string_view field : fields) {
        options.arguments.emplace_back("-e");
        options.arguments.emplace_back(field);
    }
    options.output = platform::posix::Output::pipe;
    platform::posix::Process tshark(options);
    std::vector<std::string> lines;
    while (auto line = tshark.read_line(support::kPatienceNs)) {
        if (line->find("as user \"root\"") == line->npos) lines.push_back(*line);
    }
    EXPECT_EQ(tshark.wait(support::kPatienceNs), 0);
    return lines;
}

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> parts;
    std::istringstream stream(line + '\t');
    for (std::string part; std::getline(stream, part, '\t');) parts.push_back(part);
    return parts;
}

class Tshark : public ::testing::Test {
  protected:
    void TearDown() override { EXPECT_EQ(MatrixWorld::instance().reset(), ""); }

    /// A stream with losses; what the Tern side of it sends goes to the capture.
    void capture(Drivers drivers, const std::string& options) {
        const auto relay_address = platform::SocketAddress::ipv4({127, 0, 0, 1}, 40123);
        RelayedConnection connection(
            drivers, {.loss_ppm = 20'000}, options, [&](const LossyRelay::Passing& passing) {
                const Kind sender = passing.forward ? drivers.publishing : drivers.subscribing;
                if (sender != Kind::tern) return;
                const auto& other = passing.sender;
                capture_.write(passing.forward ? other : relay_address,
                               passing.forward ? relay_address : other, passing.bytes);
                ++captured_;
            });
        const CheckedMessages messages{connection.seed(), Sizes::mixed};
        connection.offer(messages, 0, 300);
        EXPECT_EQ(connection.receive(300).next, 300);
        connection.end();
    }

    platform::Platform platform_ = platform::posix::make_platform();
    support::ScratchDirectory scratch_{platform_};
    std::string path_ = scratch_.path() + "/capture.pcap";
    support::PcapFile capture_{path_};
    std::size_t captured_ = 0;
};

TEST_F(Tshark, ReadsEveryFrame) {
    capture({"", Kind::tern, Kind::tern}, "");
    capture({"", Kind::tern, Kind::java}, "|cc=cubic");  // asks for round-trip times
    capture_.close();

    std::vector<std::string_view> fields = {"frame.protocols", "_ws.malformed", "_ws.expert.group"};
    fields.insert(fields.end(), kTypeFields.begin(), kTypeFields.end());
    std::map<std::string_view, int> counts;
    const std::vector<std::string> lines = dissect(path_, fields);
    EXPECT_EQ(lines.size(), captured_);
    for (const std::string& line : lines) {
        const std::vector<std::string> parts = split(line);
        ASSERT_EQ(parts.size(), fields.size()) << line;
        EXPECT_TRUE(parts[0].starts_with("raw:ip:udp:aeron")) << line;
        EXPECT_EQ(parts[1], "") << line;
        EXPECT_THAT(parts[2], Not(HasSubstr(kMalformedGroup))) << line;
        for (std::size_t i = 3; i < fields.size(); ++i) counts[fields[i]] += !parts[i].empty();
    }
    for (const std::string_view field : kTypeFields) EXPECT_GT(counts[field], 0) << field;
}

}  // namespace
}  // namespace tern::interop

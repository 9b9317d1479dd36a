// The reports on files of upstream's own drivers, against what upstream's tools said of them; and
// on files that nobody should trust.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tern/memory/counter_keys.hpp"
#include "tern/memory/counter_types.hpp"
#include "tern/memory/testing/golden.hpp"
#include "tern/tools/cluster_mark_text.hpp"
#include "tern/tools/stat/backlog_report.hpp"
#include "tern/tools/stat/counters_report.hpp"
#include "tern/tools/stat/driver_view.hpp"
#include "tern/tools/stat/loss_table.hpp"
#include "tern/tools/stat/streams_report.hpp"

namespace tern::tools {
namespace {

using memory::testing::AlignedBytes;
using memory::testing::golden_lines;
using memory::testing::read_golden;
using nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAreArray;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines(1);
    for (const char c : text) {
        if (c == '\n') {
            lines.emplace_back();
        } else {
            lines.back().push_back(c);
        }
    }
    if (lines.back().empty()) lines.pop_back();
    return lines;
}

/// Texts between empty lines.
std::vector<std::string> paragraphs(const std::vector<std::string>& lines) {
    std::vector<std::string> texts(1);
    for (const std::string& line : lines) {
        if (!line.empty()) {
            texts.back() += line + "\n";
        } else if (!texts.back().empty()) {
            texts.emplace_back();
        }
    }
    if (texts.back().empty()) texts.pop_back();
    return texts;
}

class UpstreamsFiles : public ::testing::TestWithParam<std::string> {
  protected:
    [[nodiscard]] std::vector<std::string> golden(const std::string& name) const {
        return golden_lines("shm/" + GetParam() + "/" + name);
    }
    [[nodiscard]] std::vector<Stream> streams() const {
        return group_by_stream(counters_, is_stream_counter);
    }

    /// Expanding them takes longer than all that is done with them.
    static const AlignedBytes& expanded(const std::string& name) {
        static std::map<std::string, AlignedBytes> files;
        const auto found = files.find(name);
        return found != files.end() ? found->second
                                    : files.emplace(name, read_golden(name)).first->second;
    }

    AlignedBytes bytes_ = expanded("shm/" + GetParam() + "/cnc.dat.xz");
    memory::CncFile cnc_{bytes_.bytes()};
    std::vector<CounterSample> counters_ = sample_counters(cnc_.counters());
};

TEST_P(UpstreamsFiles, CountersReadAsInAeronStat) {
    std::vector<std::string> expected = golden("aeronstat-java.txt");
    expected.erase(expected.begin(), expected.begin() + 2);  // title
    expected.pop_back();                                     // "--"
    EXPECT_EQ(lines_of(counters_text(counters_, {}, cnc_.counters().max_counter_id())), expected);
}

TEST_P(UpstreamsFiles, StreamsReadAsInStreamStat) {
    std::vector<std::string> expected = golden("streamstat-java.txt");
    expected.erase(expected.begin());  // the file's name
    std::vector<std::string> lines;
    for (const ordered_json& stream : streams_json(streams())) {
        std::string& line = lines.emplace_back(
            fmt::format("sessionId={} streamId={} channel={} :", stream["session_id"].get<int>(),
                        stream["stream_id"].get<int>(), stream["channel"].get<std::string>()));
        for (const ordered_json& counter : stream["counters"]) {
            line += fmt::format(" {}:{}:{}", counter["name"].get<std::string>(),
                                counter["registration_id"].get<std::int64_t>(),
                                counter["value"].get<std::int64_t>());
        }
    }
    EXPECT_EQ(lines, expected);
}

TEST_P(UpstreamsFiles, StreamsAreSetOutForPeople) {
    const auto texts = paragraphs(lines_of(streams_text(streams())));
    ASSERT_EQ(texts.size(), 4U);
    EXPECT_EQ(texts[0],
              "stream 2002  session -54321  aeron:ipc\n"
              "    sub-pos                    3                    70,784\n");
    EXPECT_THAT(texts[2],
                AllOf(StartsWith("stream 2001  session 12345  "
                                 "aeron:udp?endpoint=127.0.0.1:24430|alias=golden-sub\n"),
                      HasSubstr("    sub-pos                    2                    73,920\n")));
}

TEST_P(UpstreamsFiles, BacklogsReadAsInBacklogStat) {
    std::vector<std::string> expected = golden("backlogstat-java.txt");
    expected.erase(expected.begin());  // the file's name
    const auto backlogs = backlogs_of(group_by_stream(counters_, is_stream_position));
    EXPECT_THAT(paragraphs(lines_of(backlog_text(backlogs))),
                UnorderedElementsAreArray(paragraphs(expected)));
}

TEST_P(UpstreamsFiles, BacklogsInJsonHaveTheSameNumbers) {
    const auto json = backlog_json(backlogs_of(group_by_stream(counters_, is_stream_position)));
    ASSERT_EQ(json.size(), 4U);
    const ordered_json& udp = json[3];
    EXPECT_EQ(udp["publisher"].dump(),
              R"({"registration_id":4,"position":76032,"limit":108800,"window":32768})");
    EXPECT_EQ(
        udp["sender"].dump(),
        R"({"registration_id":4,"position":76032,"limit":101120,"window":25088,"to_send":0})");
    EXPECT_TRUE(udp["receiver"].is_null());
    const ordered_json& image = json[2];
    EXPECT_EQ(image["receiver"]["high_water_mark"], 76032);
    EXPECT_EQ(image["subscribers"].dump(),
              R"([{"registration_id":2,"position":73920,"backlog":2112}])");
    EXPECT_EQ(json[0]["subscribers"].dump(),  // IPC: nobody to compare with
              R"([{"registration_id":3,"position":70784,"backlog":null}])");
}

TEST_P(UpstreamsFiles, LossesReadAsInLossStat) {
    AlignedBytes report = read_golden("shm/" + GetParam() + "/loss-report.dat.xz");
    const Bytes bytes = report.bytes();
    const auto expected = golden("lossstat-java.txt");
    std::vector<std::string> lines = {expected.front()};
    const auto losses = loss_json(bytes);
    for (const ordered_json& loss : losses) {
        const auto first = loss["first_observation_ms"].get<std::int64_t>();
        EXPECT_EQ(first, loss["last_observation_ms"].get<std::int64_t>());
        lines.push_back(fmt::format("{},{},{},{},{}", loss["observation_count"].get<int>(),
                                    loss["total_bytes_lost"].get<int>(),
                                    loss["session_id"].get<int>(), loss["stream_id"].get<int>(),
                                    loss["channel"].get<std::string>()));
    }
    EXPECT_THAT(lines, ElementsAre(expected.front(),
                                   "1,64,12345,2001,aeron:udp?endpoint=127.0.0.1:24430|"
                                   "alias=golden-sub"));
    EXPECT_THAT(losses[0]["source"].get<std::string>(), StartsWith("127.0.0.1:"));
    EXPECT_EQ(lines_of(loss_text(bytes)).back(), expected.back());
}

TEST_P(UpstreamsFiles, LossTableIsAligned) {
    AlignedBytes report = read_golden("shm/" + GetParam() + "/loss-report.dat.xz");
    const auto lines = lines_of(loss_text(report.bytes()));
    ASSERT_EQ(lines.size(), 3U);
    for (const auto* column : {"CHANNEL", "SOURCE", "FIRST_OBSERVATION"}) {
        const std::size_t at = lines[0].find(column);
        EXPECT_EQ(lines[1].at(at - 1), ' ') << column;
        EXPECT_NE(lines[1].at(at), ' ') << column;
    }
    EXPECT_EQ(lines[1].substr(lines[0].find("SESSION_ID"), 10), "     12345");
}

TEST_P(UpstreamsFiles, TitleTellsWhetherTheDriverLives) {
    const std::int64_t beat_ms = cnc_.driver_heartbeat_ms();
    const auto title = [&](std::int64_t now_ms) { return title_text("Stat", cnc_, now_ms); };
    EXPECT_THAT(title(beat_ms + 7), AllOf(HasSubstr(" - Stat (CnC v0.2.0), pid "),
                                          HasSubstr("heartbeat age 7ms\n====")));
    EXPECT_THAT(title(beat_ms + 10'001), HasSubstr("age 10001ms: no driver is alive here\n"));
    EXPECT_EQ(title_json(cnc_, beat_ms + 10'000)["driver"], "active");
    EXPECT_EQ(title_json(cnc_, beat_ms + 10'001)["driver"], "stale");
    const Bytes ring = cnc_.to_driver();
    store<std::int64_t>(ring.data() + ring.size() - 768 + 5 * 128, -1);  // as at a close
    EXPECT_EQ(title_json(cnc_, beat_ms)["driver"], "closed");
    EXPECT_THAT(title(beat_ms), HasSubstr("closed: this is what the driver left\n"));
}

/// Ids of what passes the filters.
std::vector<int> filtered(const std::vector<CounterSample>& counters,
                          const std::vector<std::string>& words) {
    std::vector<int> ids;
    for (const ordered_json& counter : counters_json(counters, CounterFilter(words))) {
        ids.push_back(counter["id"]);
    }
    return ids;
}

TEST_P(UpstreamsFiles, FiltersAreThoseOfAeronStat) {
    const auto ids = [&](const std::vector<std::string>& words) {
        return filtered(counters_, words);
    };
    EXPECT_EQ(ids({}).size(), counters_.size());
    EXPECT_THAT(ids({"type=^0$", "identity=^3.$"}),
                ElementsAre(30, 31, 32, 33, 34, 35, 36, 37, 38, 39));
    EXPECT_THAT(ids({"type=^(1|2|9|12)$", "session=12345"}), ElementsAre(51, 52, 53, 54));
    EXPECT_THAT(ids({"type=^4$", "stream=2002"}), ElementsAre(63));
    EXPECT_THAT(ids({"type=^[67]$", "channel=golden-sub"}), ElementsAre(46));
    EXPECT_EQ(ids({"type=^4$", "identity=^2$"}), ids({"label=^sub-pos: 2 "}));
    EXPECT_EQ(ids({"label=^sub-pos: 2 "}).size(), 1U);
    EXPECT_THAT(ids({"type=^1"}), Contains(65));  // searched, not anchored: 1501
    EXPECT_THAT(ids({"label=^golden"}), ElementsAre(64, 65));
    EXPECT_THAT(ids({"session=99"}), Contains(64));  // says nothing of other counters
    EXPECT_THAT(ids({"session=99"}), Not(Contains(52)));
}

INSTANTIATE_TEST_SUITE_P(Drivers, UpstreamsFiles, ::testing::Values("c", "java"),
                         [](const auto& driver) { return driver.param; });

TEST(CounterFilter, AMistakeIsNamed) {
    const auto mistake = [](const std::string& word) {
        try {
            CounterFilter({word});
        } catch (const ConfigurationError& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    EXPECT_THAT(mistake("type"), StartsWith("Arguments must be in name=pattern format: Invalid "
                                            "'type'"));
    EXPECT_THAT(mistake("kind=1"), StartsWith("Unrecognised argument: 'kind=1'; names are type,"));
    EXPECT_THAT(mistake("type=["), StartsWith("'type=[': no regular expression: "));
    EXPECT_THAT(mistake("type=" + std::string(257, 'a')), EndsWith("longer than 256 bytes"));
}

/// Every report there is; the length of it all, so that nothing is left out as unused.
std::size_t read_everything(Bytes cnc_bytes, Bytes loss_report) {
    const memory::CncFile cnc(cnc_bytes);
    const auto counters = sample_counters(cnc.counters());
    const auto streams = group_by_stream(counters, is_stream_counter);
    const auto backlogs = backlogs_of(streams);
    const auto valid = [](const ordered_json& json) {
        const auto line = json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
        return ordered_json::parse(line).dump().size();
    };
    const CounterFilter filter({"channel=a", "session=1", "identity=1"});
    return title_text("Stat", cnc, 0).size() + valid(title_json(cnc, 0)) +
           counters_text(counters, filter, 1).size() + valid(counters_json(counters, {})) +
           streams_text(streams).size() + valid(streams_json(streams)) +
           errors_text(cnc.error_log()).size() + valid(errors_json(cnc.error_log())) +
           backlog_text(backlogs).size() + valid(backlog_json(backlogs)) +
           loss_text(loss_report).size() + valid(loss_json(loss_report));
}

/// A small CnC file with some of upstream's counters, for thousands of variations.
AlignedBytes small_cnc(const memory::CncFile& golden) {
    constexpr std::int32_t kCounters = 80;
    const memory::CncHeader header{.to_driver_length = 1024 + 768,
                                   .to_clients_length = 1024 + 128,
                                   .counters_values_length = kCounters * 128,
                                   .error_log_length = 4096};
    AlignedBytes bytes(static_cast<std::size_t>(memory::cnc_file_length(header)));
    const auto put = [&](std::size_t offset, std::int32_t value) {
        store(bytes.data() + offset, value);
    };
    put(memory::cnc::kVersionOffset, memory::kCncVersion);
    put(memory::cnc::kToDriverLengthOffset, header.to_driver_length);
    put(memory::cnc::kToClientsLengthOffset, header.to_clients_length);
    put(memory::cnc::kCountersMetadataLengthOffset, header.counters_values_length * 4);
    put(memory::cnc::kCountersValuesLengthOffset, header.counters_values_length);
    put(memory::cnc::kErrorLogLengthOffset, header.error_log_length);
    const memory::CncFile cnc(bytes.bytes());
    std::ranges::copy(golden.counters_metadata().first(cnc.counters_metadata().size()),
                      cnc.counters_metadata().begin());
    std::ranges::copy(golden.counters_values().first(cnc.counters_values().size()),
                      cnc.counters_values().begin());
    std::ranges::copy(golden.error_log().first(cnc.error_log().size()), cnc.error_log().begin());
    return bytes;
}

// Anything may be in those files: a bug of another process, a disk gone bad, a cut.
TEST(Reports, GarbageIsShownOrRefusedAndNeverCrashes) {
    AlignedBytes golden = read_golden("shm/java/cnc.dat.xz");
    AlignedBytes losses = read_golden("shm/java/loss-report.dat.xz");
    const AlignedBytes original = small_cnc(memory::CncFile(golden.bytes()));
    const Bytes loss_head = losses.bytes().first(512);
    const std::vector<std::byte> loss_before(loss_head.begin(), loss_head.end());
    std::uint64_t random = 42;
    const auto draw = [&](std::uint64_t bound) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        return (random >> 33) % bound;
    };
    int refused = 0;
    for (int round = 0; round < 3'000; ++round) {
        AlignedBytes bytes = original;
        const std::size_t place = draw(3) == 0 ? 64 : bytes.size();  // the header, or anywhere
        const auto changes = 1 + draw(64);
        for (std::uint64_t i = 0; i < changes; ++i) {
            const auto at = draw(place);
            bytes.data()[at] = static_cast<std::byte>(draw(256));
            const auto loss_at = draw(loss_head.size());
            loss_head[loss_at] = static_cast<std::byte>(draw(256));
        }
        const std::size_t length = draw(4) == 0 ? draw(bytes.size()) : bytes.size();
        try {
            EXPECT_GT(read_everything(bytes.bytes().first(length), loss_head.first(draw(512))), 0U);
        } catch (const Error&) {
            ++refused;
        }
        std::ranges::copy(loss_before, loss_head.begin());
    }
    EXPECT_GT(refused, 100);
    EXPECT_LT(refused, 2'900);
}

// A counter whose positions are at the ends of what an int64 holds.
TEST(Reports, DifferencesOfAbsurdPositionsWrap) {
    CounterSample limit{.id = 1,
                        .type_id = memory::counter_type::kPublisherLimit,
                        .value = INT64_MIN,
                        .label = "pub-lmt: 1"};
    const auto key = memory::stream_key({1, 2, 3, "aeron:ipc"});
    std::ranges::copy(key.bytes(), limit.key.begin());
    CounterSample position = limit;
    position.type_id = memory::counter_type::kPublisherPosition;
    position.value = INT64_MAX;
    const std::vector<CounterSample> counters{limit, position};
    const auto streams = group_by_stream(counters, is_stream_position);
    EXPECT_THAT(backlog_text(backlogs_of(streams)), HasSubstr("(~1 bytes before back-pressure)"));
}

}  // namespace
}  // namespace tern::tools

#include "tern/archive/test_support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tern/archive/frame_layout.hpp"

namespace tern::archive::test {

TemporaryDirectory::TemporaryDirectory() {
    std::string pattern = "/dev/shm/tern-archive-test-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string golden_path(const std::string& name) {
    return std::string(TERN_SOURCE_DIR) + "/../shared/golden/" + name;
}

std::string unpack_golden_archive(const std::string& name, const TemporaryDirectory& into) {
    const auto command =
        "tar -xJf '" + golden_path("archive/" + name + ".tar.xz") + "' -C '" + into.path() + "'";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return into.file("archive");
}

std::vector<std::byte> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in.good()) << path;
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

void write_file(const std::string& path, ConstBytes bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << as_text(bytes);
    EXPECT_TRUE(out.good()) << path;
}

std::vector<std::byte> make_frame(std::uint16_t type, std::int32_t length, std::int32_t term_id,
                                  std::int32_t term_offset, std::int32_t session_id,
                                  std::int32_t stream_id, std::byte fill) {
    std::vector<std::byte> frame(static_cast<std::size_t>(aligned_frame_length(length)));
    store(frame.data(), length);
    store(frame.data() + 5, std::uint8_t{0xC0});
    store(frame.data() + 6, type);
    store(frame.data() + 8, term_offset);
    store(frame.data() + 12, session_id);
    store(frame.data() + 16, stream_id);
    store(frame.data() + 20, term_id);
    if (type == wire::kDataFrameType) {
        std::fill(frame.begin() + wire::kDataHeaderLength, frame.begin() + length, fill);
    }
    return frame;
}

RecordingDescriptor sample_descriptor() {
    RecordingDescriptor d;
    d.start_timestamp_ms = 1700000000000;
    d.initial_term_id = 7;
    d.segment_file_length = 134217728;
    d.term_buffer_length = 65536;
    d.mtu_length = 1408;
    d.session_id = 42;
    d.stream_id = 1001;
    d.stripped_channel = d.original_channel = d.source_identity = "aeron:ipc";
    return d;
}

}  // namespace tern::archive::test

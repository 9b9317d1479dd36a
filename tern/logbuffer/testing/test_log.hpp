#pragma once
// For tests: a log in private memory.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tern/logbuffer/log_buffers.hpp"
#include "tern/logbuffer/term_reader.hpp"
#include "tern/memory/testing/golden.hpp"

namespace tern::logbuffer::testing {

inline constexpr std::int32_t kTermLength = kTermMinLength;
inline constexpr std::int32_t kMtu = 1408;
inline constexpr std::int32_t kSessionId = 12345;
inline constexpr std::int32_t kStreamId = 1001;

struct TestLog {
    explicit TestLog(std::int32_t initial_term_id = 7, std::int32_t term_count = 0,
                     std::int32_t term_offset = 0, LogType type = LogType::concurrent_publication)
        : bytes(static_cast<std::size_t>(log_file_length(kTermLength, 4096))),
          log(LogBuffers::initialise(
              bytes.bytes(), parameters_of(initial_term_id, term_count, term_offset, type))) {}

    static LogParameters parameters_of(std::int32_t initial_term_id, std::int32_t term_count,
                                       std::int32_t term_offset, LogType type) {
        LogParameters parameters;
        parameters.type = type;
        parameters.session_id = kSessionId;
        parameters.stream_id = kStreamId;
        parameters.initial_term_id = initial_term_id;
        parameters.start_term_id = wrapping_add(initial_term_id, term_count);
        parameters.start_term_offset = term_offset;
        parameters.term_length = kTermLength;
        parameters.mtu_length = kMtu;
        return parameters;
    }

    /// Payloads of the data frames from a position on, up to the first that is not committed.
    std::vector<std::string> payloads(std::int64_t position) const {
        std::vector<std::string> found;
        while (true) {
            std::int32_t offset = term_offset_of(position, kTermLength);
            const std::int32_t begin = offset;
            read_term(log.term_at(position), offset, INT32_MAX, kTermLength,
                      [&](const Frame& frame) {
                          found.emplace_back(as_text(frame.payload()));
                          return ReadStep::next;
                      });
            if (offset == begin) return found;
            position += offset - begin;
        }
    }

    memory::testing::AlignedBytes bytes;
    LogBuffers log;
};

}  // namespace tern::logbuffer::testing

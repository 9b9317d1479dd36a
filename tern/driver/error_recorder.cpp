#include "tern/driver/error_recorder.hpp"

#include <utility>

#include "tern/driver/error_report.hpp"

namespace tern::driver {

ErrorRecorder::ErrorRecorder(memory::DistinctErrorLog& log, memory::Counter errors,
                             const platform::Clock& clock, ErrorHandler handler)
    : log_(log), errors_(errors), clock_(clock), handler_(std::move(handler)) {}

void ErrorRecorder::record(const std::exception& error) noexcept {
    errors_.fetch_add(1);
    log_.record(clock_.epoch_ms(), report_of(error).text);
    if (handler_) handler_(error);
}

void ErrorRecorder::warn(std::string_view text) noexcept { log_.record(clock_.epoch_ms(), text); }

ErrorHandler ErrorRecorder::as_handler() {
    return [this](const std::exception& error) { record(error); };
}

}  // namespace tern::driver

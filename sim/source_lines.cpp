// SPDX-License-Identifier: GPL-2.0-or-later
#include "sim/source_lines.h"

#include "loader/detector.h"

#include <algorithm>
#include <array>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstring>
#include <elf.h>
#include <fmt/format.h>
#include <linux/btf.h>
#include <map>
#include <string_view>

namespace portscan {
namespace {

using ByteSpan = std::span<const std::uint8_t>;

[[noreturn]] void refuse(const std::string &why) {
    throw ObjectError(EINVAL, std::generic_category(),
                      fmt::format("read source lines of the object: {}", why));
}

/// A piece of the object file; refused where that ends before.
ByteSpan piece(ByteSpan bytes, std::size_t offset, std::size_t size) {
    if (offset > bytes.size() || size > bytes.size() - offset) refuse("it is cut short");
    return bytes.subspan(offset, size);
}

/// A structure at an offset, which need not be aligned.
template <typename Type>
Type read_as(ByteSpan bytes, std::size_t offset) {
    Type value;
    std::memcpy(&value, piece(bytes, offset, sizeof(value)).data(), sizeof(value));
    return value;
}

std::string_view text_at(ByteSpan strings, std::size_t offset) {
    const ByteSpan rest = piece(strings, offset, strings.size() - std::min(offset, strings.size()));
    const auto *const first = reinterpret_cast<const char *>(rest.data());
    return {first, strnlen(first, rest.size())};
}

ByteSpan find_section(ByteSpan file, std::string_view wanted) {
    const auto header = read_as<Elf64_Ehdr>(file, 0);
    piece(file, header.e_shoff, header.e_shnum * sizeof(Elf64_Shdr)); // the end of the file
    const auto section = [&](std::size_t index) {
        return read_as<Elf64_Shdr>(file, header.e_shoff + index * sizeof(Elf64_Shdr));
    };
    const auto names = section(header.e_shstrndx);
    const ByteSpan strings = piece(file, names.sh_offset, names.sh_size);
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
        const auto one = section(i);
        if (text_at(strings, one.sh_name) == wanted) return piece(file, one.sh_offset, one.sh_size);
    }
    refuse(fmt::format("no section {}: compile it with -g", wanted));
}

/// Start of the section .BTF.ext: magic, version, flags, size of the header, then these. Offsets
/// count from the header's end.
struct ExtensionHeader {
    __u16 magic;
    __u8 version;
    __u8 flags;
    __u32 size;
    __u32 functions_offset;
    __u32 functions_size;
    __u32 lines_offset;
    __u32 lines_size;
};

/// Records of one kind by the name offset of the section that they are about.
template <typename Record>
std::map<__u32, std::vector<Record>> records_of(ByteSpan bytes) {
    std::map<__u32, std::vector<Record>> sections;
    if (bytes.empty()) return sections;
    const auto record_size = read_as<__u32>(bytes, 0);
    if (record_size < sizeof(Record)) refuse("records of an unknown kind");
    for (std::size_t at = sizeof(record_size); at < bytes.size();) {
        const auto [section, count] = read_as<std::array<__u32, 2>>(bytes, at);
        at += 2 * sizeof(__u32);
        for (__u32 i = 0; i < count; ++i, at += record_size)
            sections[section].push_back(read_as<Record>(bytes, at));
    }
    return sections;
}

struct LineTable {
    std::map<__u32, std::vector<bpf_func_info>> functions;
    std::map<__u32, std::vector<bpf_line_info>> lines;
};

LineTable read_table(ByteSpan file) {
    const ByteSpan section = find_section(file, ".BTF.ext");
    const auto header = read_as<ExtensionHeader>(section, 0);
    const ByteSpan body = piece(section, header.size, section.size() - header.size);
    return {records_of<bpf_func_info>(piece(body, header.functions_offset, header.functions_size)),
            records_of<bpf_line_info>(piece(body, header.lines_offset, header.lines_size))};
}

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return "";
    return std::string{text.substr(first, text.find_last_not_of(" \t\r") + 1 - first)};
}

/// The line table of one function, in the order of its instructions.
class FunctionLines {
  public:
    FunctionLines(const LineTable &table, const btf *types, unsigned type_id, std::size_t size) :
        types_(types) {
        for (const auto &[section, functions] : table.functions)
            for (const bpf_func_info &function : functions)
                if (function.type_id == type_id) take(table, section, function.insn_off, size);
    }

    /// The line of the instruction with this index in the function.
    SourceLine at(std::size_t index) const {
        const std::size_t offset = begin_ + index * sizeof(bpf_insn);
        const bpf_line_info *exact = nullptr; // the last record up to here
        const bpf_line_info *line = nullptr;  // the last one with a line, or the first after
        for (const bpf_line_info &record : records_) {
            const bool before = record.insn_off <= offset;
            if (before) exact = &record;
            if (has_line(record) && (before || line == nullptr)) line = &record;
        }
        if (line == nullptr) refuse("instructions without a line: compile it with -g");
        return {.file = file_name(string(line->file_name_off)),
                .line = BPF_LINE_INFO_LINE_NUM(line->line_col),
                .column = BPF_LINE_INFO_LINE_COL(line->line_col),
                .text = trimmed(string(line->line_off)),
                .is_near = line != exact};
    }

  private:
    /// The compiler gives line 0 to what it made up itself.
    static bool has_line(const bpf_line_info &record) {
        return BPF_LINE_INFO_LINE_NUM(record.line_col) != 0;
    }
    void take(const LineTable &table, __u32 section, __u32 begin, std::size_t size) {
        begin_ = begin;
        const auto found = table.lines.find(section);
        if (found == table.lines.end()) return;
        for (const bpf_line_info &record : found->second)
            if (record.insn_off >= begin && record.insn_off < begin + size * sizeof(bpf_insn))
                records_.push_back(record);
        std::sort(records_.begin(), records_.end(),
                  [](const auto &a, const auto &b) { return a.insn_off < b.insn_off; });
    }
    std::string_view string(__u32 offset) const {
        const char *const text = btf__name_by_offset(types_, offset);
        return text == nullptr ? "" : text;
    }
    /// The build maps its own path to `.`.
    static std::string file_name(std::string_view path) {
        while (path.starts_with("./")) path.remove_prefix(2);
        return std::string{path};
    }

    const btf *types_;
    __u32 begin_ = 0; ///< of the function, in its section
    std::vector<bpf_line_info> records_;
};

} // namespace

SourceLines SourceLines::read(std::span<const std::uint8_t> object_file, const bpf_object *object,
                              const ProgramText &text) {
    const LineTable table = read_table(object_file);
    const btf *const types = bpf_object__btf(object);
    if (types == nullptr) refuse("no types: compile it with -g");
    SourceLines result;
    const auto functions = text.functions();
    for (std::size_t f = 0; f < functions.size(); ++f) {
        const btf_type *const type = btf__type_by_id(types, functions[f].type_id);
        result.names_.emplace_back(type == nullptr ? ""
                                                   : btf__name_by_offset(types, type->name_off));
        const std::size_t end = text.end_of(f);
        const FunctionLines lines{table, types, functions[f].type_id, end - functions[f].start};
        for (std::size_t i = functions[f].start; i < end; ++i) {
            SourceLine line = lines.at(i - functions[f].start);
            if (result.lines_.empty() || result.lines_.back() != line)
                result.lines_.push_back(std::move(line));
            result.index_.push_back(result.lines_.size() - 1);
            result.text_function_.push_back(f);
        }
    }
    return result;
}

} // namespace portscan

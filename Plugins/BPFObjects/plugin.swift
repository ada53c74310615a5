// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackagePlugin

/// Compiles `bpf/*.bpf.c`, for the bench `bpf/bench/*.bpf.c` and for the tests `bpf/test/*.bpf.c`, with the toolchain's own
/// clang and embeds the objects as Swift byte arrays.
@main
struct BPFObjects: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let sources = context.package.directoryURL.appending(path: "bpf")
        let headers =
            try files(in: sources.appending(path: "include"), suffix: ".h")
            + files(in: sources.appending(path: "lib"), suffix: ".h")
        var commands: [Command] = []
        var objects: [URL] = []
        let folder = Self.folders[target.name]
        let programs = folder.map { sources.appending(path: $0) } ?? sources
        for source in try files(in: programs, suffix: ".bpf.c") {
            let name = source.lastPathComponent.replacing(".bpf.c", with: "")
            for variant in folder != nil ? [(name, [])] : Self.variants(of: name) {
                let compiled = context.pluginWorkDirectoryURL.appending(path: "\(variant.name).debug.o")
                let object = context.pluginWorkDirectoryURL.appending(path: "\(variant.name).o")
                commands.append(
                    .buildCommand(
                        displayName: "Compiling \(variant.name).bpf.c",
                        executable: try context.tool(named: "clang").url,
                        arguments: Self.compilerFlags + variant.flags + ["-c", source.path(), "-o", compiled.path()],
                        inputFiles: [source] + headers, outputFiles: [compiled]))
                // DWARF goes, BTF stays.
                commands.append(
                    .buildCommand(
                        displayName: "Stripping \(variant.name).o",
                        executable: try context.tool(named: "llvm-objcopy").url,
                        arguments: ["--strip-debug", compiled.path(), object.path()],
                        inputFiles: [compiled], outputFiles: [object]))
                objects.append(object)
            }
        }
        let layouts = ["weir_abi.h", "weir_copies.h"].map { sources.appending(path: "include/\($0)") }
        let embedded = context.pluginWorkDirectoryURL.appending(path: "EmbeddedObjects.swift")
        commands.append(
            .buildCommand(
                displayName: "Embedding BPF objects",
                executable: try context.tool(named: "EmbedObjects").url,
                arguments: [embedded.path()] + (layouts + objects).map { $0.path() },
                inputFiles: objects + layouts, outputFiles: [embedded]))
        return commands
    }

    /// Where the programs of a target are that has its own.
    private static let folders = ["FlowBench": "bench", "KernelTests": "test"]

    /// What a source is compiled to: an object for each engine of the flow table, if it has one, for ports without a policy
    /// and for ports with one, for hooks of filters and for hooks of links.
    private static func variants(of name: String) -> [(name: String, flags: [String])] {
        guard !withoutTable.contains(name) else { return [(name, [])] }
        return ["line", "percpu_hash"].flatMap { engine in
            let flags = ["-DWEIR_TABLE_ENGINE=\"table_\(engine).bpf.h\""]
            let plain = ("\(name)_\(engine)", flags)
            let judged = ("\(name)_\(engine)_policy", flags + ["-DWEIR_POLICY"])
            if alwaysJudged.contains(name) { return [judged] }
            let copying =
                engine == "line"
                ? copies.flatMap { copy in
                    [plain, judged].map { ($0.0 + copy.suffix, $0.1 + [copy.flag]) }
                } : []
            guard shared.contains(name) else { return [plain, judged] + copying }
            return ([plain, judged] + copying).flatMap { [$0, ($0.0 + "_links", $0.1 + ["-DWEIR_LINKS"])] }
        }
    }

    /// Programs that count nothing.
    private static let withoutTable: Set<String> = [
        "clock", "dropped_packets", "sent_frames", "tap_arrive", "tap_tunnel", "xsk_sockets", "xsk_stock",
    ]

    /// Programs that cannot be replaced by one that asks the policy, and so always do.
    private static let alwaysJudged: Set<String> = ["xdp_dispatched"]

    /// Programs that sample, and those that copy frames for tap sessions, too.
    private static let copies = [
        (suffix: "_samples", flag: "-DWEIR_SAMPLES"), (suffix: "_copies", flag: "-DWEIR_COPIES"),
    ]

    /// Programs that ports share.
    private static let shared: Set<String> = ["tc", "xdp_from_port"]

    /// `-fno-split-cold-code`: the kernel takes no function that the compiler has made of a rare branch.
    /// `-bpf-disable-trap-unreachable`: else the compiler names the kernel function `__bpf_trap`, used or not. Before Linux
    /// 6.17 there is none, and libbpf then looks for it in all modules, which takes CAP_SYS_ADMIN.
    /// `-idirafter`: the kernel's `asm/` headers lie in the host's multiarch folder.
    private static let compilerFlags = [
        "-target", "bpf", "-O2", "-g", "-mcpu=v3", "-Wall", "-Wextra", "-Werror", "-Xclang", "-fno-split-cold-code",
        "-mllvm", "-bpf-disable-trap-unreachable",
        "-idirafter", "/usr/include/\(machine)-linux-gnu",
    ]

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    private func files(in folder: URL, suffix: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.lastPathComponent.hasSuffix(suffix) }
            .sorted { $0.path() < $1.path() }
    }
}

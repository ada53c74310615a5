// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "weir",
    products: [
        .executable(name: "weir", targets: ["weir"]),
        .executable(name: "weir-export", targets: ["weir-export"]),
        .executable(name: "weir-libvirt", targets: ["weir-libvirt"]),
        .executable(name: "weir-mirror", targets: ["weir-mirror"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // What the kernel runs, and how it gets there.
        .systemLibrary(name: "CWeirABI", path: "bpf/include"),
        .systemLibrary(
            name: "CLibbpf", path: "loaders/CLibbpf", pkgConfig: "libbpf", providers: [.apt(["libbpf-dev"])]),
        .systemLibrary(
            name: "CLibxdp", path: "loaders/CLibxdp", pkgConfig: "libxdp", providers: [.apt(["libxdp-dev"])]),
        .target(name: "CHost", path: "loaders/CHost"),
        .target(name: "CLibvirt", path: "loaders/CLibvirt"),
        .target(name: "CBPF", dependencies: ["CLibbpf", "CLibxdp"], path: "loaders/CBPF"),
        .executableTarget(name: "EmbedObjects", path: "Plugins/EmbedObjects"),
        .plugin(
            name: "BPFObjects", capability: .buildTool(), dependencies: ["EmbedObjects"], path: "Plugins/BPFObjects"),

        // The rooms.
        .target(name: "FlowModel"),
        .target(
            name: "DurableFiles", dependencies: ["CHost", .product(name: "SystemPackage", package: "swift-system")]),
        .target(
            name: "Host",
            dependencies: ["FlowModel", "CHost", .product(name: "SystemPackage", package: "swift-system")]),
        .target(name: "BPF", dependencies: ["FlowModel", "Host", "CBPF", "CLibbpf", "CHost"]),
        .target(
            name: "FlowMeter",
            dependencies: [
                "FlowModel", "DurableFiles", "CIsal", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "FlowKernel",
            dependencies: [
                "FlowModel", "Host", "BPF", "FlowMeter", "FlowVerdict", "TapService", "DurableFiles", "CWeirABI",
                "CBPF",
                "CLibbpf", "CLibxdp", "CHost",
                .product(name: "SystemPackage", package: "swift-system"),
            ],
            plugins: ["BPFObjects"]),
        .target(name: "Reporting", dependencies: ["FlowModel"]),
        .target(name: "HostMonitor", dependencies: ["FlowModel", "Host", "Reporting"]),
        .target(name: "FlowVerdict", dependencies: ["FlowModel", "Reporting"]),
        .target(
            name: "TapService",
            dependencies: [
                "FlowModel", "Reporting", "DurableFiles", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "FlowFilter", dependencies: ["FlowModel"]),
        .systemLibrary(
            name: "CZstd", path: "Sources/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(
            name: "FlowStore",
            dependencies: [
                "FlowModel", "FlowFilter", "DurableFiles", "CZstd",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(name: "FlowFormats", dependencies: ["FlowModel"]),
        .target(name: "CopiedFrames", dependencies: ["FlowModel", "CWeirABI"]),
        .target(name: "CopyDelivery", dependencies: ["FlowModel", "Host", "CopiedFrames", "TapService"]),
        .target(name: "FlowViews", dependencies: ["FlowModel", "FlowFormats", "FlowStore", "HostMonitor"]),
        .target(
            name: "FlowRecorder",
            dependencies: [
                "FlowModel", "Host", "Reporting", "DurableFiles", "FlowMeter", "FlowVerdict", "FlowStore",
                "PortDirectory",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .systemLibrary(
            name: "CIsal", path: "Sources/CIsal", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .target(
            name: "FlowExport",
            dependencies: [
                "FlowModel", "Host", "HostMonitor", "FlowFilter", "FlowFormats", "FlowStore", "CopiedFrames",
                "Reporting", "DurableFiles", "WeirService", "CIsal",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "PortDirectory",
            dependencies: ["FlowModel", "DurableFiles", .product(name: "SystemPackage", package: "swift-system")]),
        .target(
            name: "OpenVSwitch",
            dependencies: [
                "FlowModel", "Host", "DurableFiles", "FlowVerdict", "PortDirectory", "Reporting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "DirectoryProviders",
            dependencies: [
                "FlowModel", "Host", "HostMonitor", "PortDirectory", "Reporting",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "QEMUProcesses",
            dependencies: ["FlowModel", "Host", "PortDirectory", .product(name: "Logging", package: "swift-log")]),
        .target(
            name: "WeirService",
            dependencies: [
                "Host", "DurableFiles", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "WeirConfiguration",
            dependencies: [
                "FlowModel", "Host", "FlowFilter", "FlowFormats", "FlowExport", "OpenVSwitch", "DirectoryProviders",
                "DurableFiles", "Yams",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "DaemonReports",
            dependencies: [
                "FlowModel", "Host", "FlowMeter", "FlowVerdict", "FlowExport", "FlowRecorder", "OpenVSwitch",
                "DirectoryProviders", "HostMonitor", "Reporting", "TapService", "WeirConfiguration", "WeirService",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "HelperSupervision",
            dependencies: [
                "FlowModel", "Host", "FlowExport", "CopyDelivery", "TapService", "DaemonReports",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "HostVerdicts",
            dependencies: [
                "FlowModel", "Host", "DurableFiles", "FlowKernel", "FlowVerdict", "OpenVSwitch", "WeirConfiguration",
                "DaemonReports", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "HostTaps",
            dependencies: [
                "FlowModel", "Host", "FlowKernel", "TapService", "CopyDelivery", "HelperSupervision",
                "WeirConfiguration",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "PortAttachment",
            dependencies: [
                "FlowModel", "Host", "FlowExport", "FlowKernel", "PortDirectory", "OpenVSwitch", "WeirConfiguration",
                "DaemonReports", "HostVerdicts", "HostTaps", "TapService",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "LiveStatus",
            dependencies: [
                "FlowModel", "Host", "FlowKernel", "FlowMeter", "FlowRecorder", "FlowVerdict", "PortDirectory",
                "WeirConfiguration", "DaemonReports", "HostVerdicts", "PortAttachment", "Reporting",
            ]),
        .target(
            name: "WeirDaemon",
            dependencies: [
                "FlowModel", "Host", "FlowKernel", "FlowMeter", "FlowRecorder", "FlowVerdict", "FlowExport",
                "FlowStore", "OpenVSwitch", "PortDirectory", "DirectoryProviders", "QEMUProcesses", "DurableFiles",
                "WeirConfiguration",
                "DaemonReports", "HelperSupervision", "HostMonitor", "HostTaps", "HostVerdicts", "PortAttachment",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "weir",
            dependencies: [
                "FlowModel", "Host", "FlowKernel", "FlowVerdict", "FlowFilter", "FlowFormats", "FlowStore",
                "CopiedFrames", "DirectoryProviders", "FlowViews", "FlowExport", "FlowRecorder", "HostMonitor",
                "OpenVSwitch",
                "PortDirectory", "Reporting",
                "WeirConfiguration", "DaemonReports",
                "HostVerdicts", "PortAttachment", "LiveStatus", "WeirDaemon", "TapService", "DurableFiles",
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        .executableTarget(
            name: "weir-export",
            dependencies: [
                "FlowModel", "Host", "HostMonitor", "FlowFilter", "FlowStore", "FlowExport", "DurableFiles",
                "WeirConfiguration",
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "weir-libvirt",
            dependencies: [
                "CLibvirt", "FlowModel", "Host", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        .executableTarget(
            name: "weir-mirror",
            dependencies: [
                "Host", "CopiedFrames", "CopyDelivery",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),

        // How fast it is.
        .target(
            name: "FlowBench",
            dependencies: ["FlowModel", "Host", "BPF", "FlowKernel", "FlowVerdict", "FlowFormats", "FlowTestKit"],
            plugins: ["BPFObjects"]),
        .executableTarget(
            name: "weir-bench",
            dependencies: [
                "FlowBench", "FlowModel", "Host", "BPF", "FlowKernel", "FlowMeter", "FlowRecorder", "FlowFormats",
                "FlowExport", "TapService",
                "FlowStore", "FlowFilter", "FlowVerdict", "FlowTestKit", "OpenVSwitch", "WeirConfiguration",
                "PortAttachment", "WeirDaemon", .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),

        // What every test needs, and the tests.
        .target(
            name: "FlowTestKit",
            dependencies: [
                "FlowModel", "Host", "DurableFiles", "FlowMeter", "CHost",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .target(
            name: "FlowSimulation",
            dependencies: [
                "FlowModel", "Host", "DurableFiles", "FlowMeter", "FlowRecorder", "FlowVerdict", "FlowFormats",
                "FlowStore", "FlowExport", "FlowTestKit", .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .executableTarget(
            name: "weir-simulate",
            dependencies: ["FlowSimulation", .product(name: "SystemPackage", package: "swift-system")]),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "HostTests", dependencies: ["Host", "FlowKernel", "FlowModel", "FlowTestKit"]),
        .testTarget(
            name: "FlowTestKitTests",
            dependencies: [
                "FlowTestKit", "FlowModel", "DurableFiles", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(name: "FlowSimulationTests", dependencies: ["FlowSimulation"]),
        .testTarget(name: "FlowModelTests", dependencies: ["FlowModel"]),
        .testTarget(
            name: "FlowMeterTests",
            dependencies: [
                "FlowMeter", "DurableFiles", "FlowTestKit", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "FlowStoreTests",
            dependencies: [
                "FlowStore", "FlowFilter", "FlowFormats", "FlowModel", "FlowTestKit",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(name: "FlowFilterTests", dependencies: ["FlowFilter", "FlowModel"]),
        .testTarget(name: "FlowFormatsTests", dependencies: ["FlowFormats", "FlowTestKit"]),
        .testTarget(name: "CopiedFramesTests", dependencies: ["CopiedFrames", "CWeirABI", "FlowModel", "FlowTestKit"]),
        .testTarget(
            name: "CopyDeliveryTests",
            dependencies: ["CopyDelivery", "CopiedFrames", "FlowModel", "FlowTestKit", "TapService"]),
        .testTarget(
            name: "FlowViewsTests",
            dependencies: ["FlowViews", "FlowStore", "FlowModel", "FlowTestKit", "HostMonitor"]),
        .testTarget(
            name: "FlowExportTests",
            dependencies: [
                "FlowExport", "FlowFilter", "FlowFormats", "FlowModel", "FlowStore", "Host", "HostMonitor",
                "DurableFiles", "WeirService", "Reporting", "FlowTestKit",
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "FlowRecorderTests",
            dependencies: [
                "FlowRecorder", "FlowMeter", "FlowModel", "FlowStore", "FlowVerdict",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "WeirConfigurationTests",
            dependencies: ["FlowExport", "FlowModel", "OpenVSwitch", "WeirConfiguration"]),
        .testTarget(
            name: "DaemonReportsTests",
            dependencies: [
                "DaemonReports", "FlowExport", "FlowMeter", "FlowModel", "FlowRecorder", "Reporting",
                "WeirConfiguration",
            ]),
        .testTarget(
            name: "HelperSupervisionTests",
            dependencies: ["HelperSupervision", "FlowTestKit", "Host", .product(name: "Logging", package: "swift-log")]),
        .testTarget(
            name: "HostVerdictsTests",
            dependencies: ["HostVerdicts", "FlowModel", "FlowVerdict", "WeirConfiguration"]),
        .testTarget(
            name: "HostTapsTests",
            dependencies: [
                "HostTaps", "TapService", "DaemonReports", "FlowKernel", "FlowModel", "Host", "WeirService",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "PortAttachmentTests",
            dependencies: ["PortAttachment", "FlowKernel", "Host", "PortDirectory", "WeirConfiguration"]),
        .testTarget(
            name: "LiveStatusTests",
            dependencies: [
                "LiveStatus", "DaemonReports", "DirectoryProviders", "FlowExport", "FlowMeter", "FlowModel",
                "FlowRecorder", "Reporting",
            ]),
        .testTarget(name: "WeirDaemonTests", dependencies: ["FlowKernel", "Host", "WeirDaemon"]),
        .testTarget(
            name: "PortDirectoryTests",
            dependencies: [
                "PortDirectory", "FlowModel", .product(name: "SystemPackage", package: "swift-system"),
            ]),
        .testTarget(
            name: "DirectoryProvidersTests",
            dependencies: [
                "DirectoryProviders", "PortDirectory", "FlowModel", "FlowTestKit", "Host",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "QEMUProcessesTests",
            dependencies: [
                "QEMUProcesses", "PortDirectory", "FlowModel", "Host", "FlowTestKit",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(name: "OpenVSwitchTests", dependencies: ["OpenVSwitch", "PortDirectory", "FlowModel"]),
        .testTarget(name: "ReportingTests", dependencies: ["Reporting"]),
        .testTarget(name: "HostMonitorTests", dependencies: ["HostMonitor", "FlowModel", "Reporting", "FlowTestKit"]),
        .testTarget(name: "LibvirtTests", dependencies: ["weir-libvirt", "FlowTestKit"]),
        .testTarget(name: "WeirServiceTests", dependencies: ["WeirService", "FlowModel", "Host", "FlowTestKit"]),
        .testTarget(
            name: "TapServiceTests",
            dependencies: ["FlowModel", "TapService", .product(name: "SystemPackage", package: "swift-system")]),
        .testTarget(name: "FlowVerdictTests", dependencies: ["FlowModel", "FlowVerdict", "FlowTestKit"]),
        .testTarget(
            name: "FlowBenchTests",
            dependencies: ["FlowBench", "Host", "BPF", "FlowKernel", "FlowModel", "FlowVerdict", "FlowTestKit"]),
        .testTarget(name: "FlowKernelTests", dependencies: ["Host", "BPF", "FlowKernel", "FlowModel", "FlowTestKit"]),
        .testTarget(
            name: "WeirCommandTests",
            dependencies: [
                "DurableFiles", "Host", "BPF", "FlowExport", "FlowKernel", "FlowModel", "FlowRecorder", "FlowVerdict",
                "OpenVSwitch",
                "PortDirectory", "DirectoryProviders", "HostMonitor",
                "Reporting", "WeirConfiguration", "WeirService", "DaemonReports", "PortAttachment", "LiveStatus",
                "FlowTestKit",
                "TapService",
                "weir",
            ]),
        .testTarget(
            name: "KernelTests",
            dependencies: [
                "CWeirABI", "FlowBench", "Host", "BPF", "FlowKernel", "FlowMeter", "FlowModel", "FlowTestKit",
                "FlowVerdict", "TapService",
            ],
            plugins: ["BPFObjects"]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets {
    switch target.type {
    case .executable, .regular, .test:
        guard !["loaders/CHost", "loaders/CBPF", "loaders/CLibvirt"].contains(target.path) else { continue }
        target.swiftSettings = [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .strictMemorySafety(),
            .treatAllWarnings(as: .error),
        ]
    default: continue
    }
}

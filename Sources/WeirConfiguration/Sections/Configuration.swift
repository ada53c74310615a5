// SPDX-License-Identifier: Apache-2.0

package import DirectoryProviders
package import FlowExport
package import FlowModel
package import OpenVSwitch

/// Everything the operator can decide, after every source has had its say.
package struct Configuration: Equatable, Sendable {
    /// The directory on a bpffs that holds the pins.
    package var bpffs = "/sys/fs/bpf/weir"
    /// Where the journal lies.
    package var stateDirectory = "/var/lib/weir"
    /// Bytes of windows in the journal beyond which the oldest are given up.
    package var queueSize = 1 << 30
    /// The control socket.
    package var socket = "/run/weir/weir.sock"
    /// Where Prometheus can ask; nil is nowhere.
    package var metrics: MetricsAddress?
    /// Which interfaces are measured, and how; the first rule that matches a name decides.
    package var ports: [PortRule] = []
    /// Networks whose addresses have a name in records.
    package var networks: [NamedNetwork] = []
    /// The file of the policy that is loaded at the start; nil: the one that was loaded last stays.
    package var policy: String?
    /// Whether the guests of Open vSwitch are measured, too.
    package var followsSwitch = false
    /// Which Open vSwitch that is.
    package var switchChoice = SwitchChoice()
    /// Programs that say whose interfaces are, in their order of precedence.
    package var providers: [ProviderChoice] = []
    /// How often the figures of the host, of machines and of ports are read; zero: never.
    package var monitorInterval = Duration.seconds(5)
    /// By which copies of tap services leave for other hosts; nil: not known, and no budget.
    package var tapDevice: String?
    /// Of what production leaves free of that device, the share that copies may take.
    package var tapShare = 0.5
    /// Of outer headers of copies, where a tap service says nothing. 1 is lower effort (RFC 8622).
    package var tapDSCP = 1
    /// Whether packets that the host's own stack drops are followed.
    package var watchesKernelDrops = false
    /// The length of a window, in whole seconds.
    package var interval = Duration.seconds(60)
    /// How the flow tables are made, where there are none yet.
    package var tables = TableRequest()
    /// The folder of the store.
    package var store = "/var/lib/weir/flows"
    /// How long records stay in the store.
    package var storeAge = Duration.seconds(7 * 86_400)
    /// Bytes of the store beyond which the oldest records are deleted.
    package var storeSize = 2_000_000_000
    /// The root of the published files; nil publishes none.
    package var logDirectory: String?
    package var format = SinkSettings.Format.aws
    /// Which flows are written, where a port's own rule does not say.
    package var filter = LogFilter.all
    /// AWS's field list, names separated by spaces; nil is AWS's default format.
    package var fields: String?
    package var layout = LogFileConfiguration.Layout.plain
    /// Adds a folder per hour to the folder per day.
    package var hourly = false
    /// How long a file collects records; in effect never shorter than the interval, since a window is not split.
    package var publishPeriod = Duration.seconds(300)
    /// Bytes of compressed text after which a file is closed early.
    package var fileSize = 75_000_000
    package var accountID: String?
    package var region: String?
    /// The name of this log in the names of its files.
    package var flowLogID: String
    /// Prints each line to standard output, too.
    package var printsLines = false
    /// Sinks beside those that `log-dir` and `stdout` stand for.
    package var sinks: [SinkRule] = []
    /// Names taps by the command lines of QEMU's processes.
    package var namesQEMU = true
    /// Has the kernel hurry while many ports are attached.
    package var expeditesRCU = true
    /// Leaves the ports as they were found when the daemon ends.
    package var detachesOnExit = false
    /// Whether libvirt is asked where its socket is, without an entry among the providers.
    package var asksLibvirt = true

    package init(flowLogID: String) {
        self.flowLogID = flowLogID
    }
}

extension Configuration {
    /// The switch whose guests are measured, too; nil is none.
    package var ovs: SwitchChoice? {
        get { followsSwitch ? switchChoice : nil }
        set {
            followsSwitch = newValue != nil
            switchChoice = newValue ?? SwitchChoice()
        }
    }

    /// The rule that decides about an interface, or nil if it is not measured.
    package func rule(forPort name: String) -> PortRule? {
        ports.first { $0.pattern.matches(name) }
    }

    /// Whose port it is, as far as the configuration knows: what its rule says, else what holds for all.
    package func identity(forPort name: String) -> PortIdentity {
        var identity = rule(forPort: name)?.identity ?? PortIdentity()
        identity.accountID = identity.accountID ?? accountID
        identity.region = identity.region ?? region
        return identity
    }
}

extension Configuration {
    /// What an operator should know of files that do not come as often as they were asked for; nil where they do.
    package var publishPeriodNotice: String? {
        guard publishPeriod < interval, logDirectory != nil else { return nil }
        return
            "publish-period (\(publishPeriod.configurationText)) is shorter than a window (\(interval.configurationText)): "
            + "there is a file for each window"
    }

    /// When the first file is published of what is measured from that moment on.
    package func firstPublication(after now: UnixTime) -> UnixTime {
        let moment = Duration.nanoseconds(1)
        let lastMoment = now.nextMultiple(of: interval).advanced(by: .zero - moment)
        let end = lastMoment.nextMultiple(of: max(publishPeriod, interval))
        return end.advanced(by: .zero - moment).nextMultiple(of: interval)
    }
}

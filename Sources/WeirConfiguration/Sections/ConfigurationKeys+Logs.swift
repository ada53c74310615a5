// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats

extension ConfigurationKeys {
    /// The store.
    @KeyTableBuilder<Configuration> static var store: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "store", \.store, .path,
            flag: .option("Directory of the store, which weir logs reads", .directory), variable: "WEIR_STORE",
            """
            the folder of the store: every record as Parquet, for `weir logs` and for other tools. Without it there is none. See \
            [store.md](store.md)
            """)
        ConfigurationKey(
            "store-age", \.storeAge, .duration(.seconds(60) ... .seconds(3_650 * 86_400)),
            "how long records stay in the store")
        ConfigurationKey(
            "store-size", \.storeSize, .size(1_000_000...100_000_000_000_000),
            "what the store may take; beyond it the oldest records are deleted")
    }

    /// Files.
    @KeyTableBuilder<Configuration> static var logFiles: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "log-dir", \.logDirectory, .path,
            flag: .option("Directory for log files; without it and a store lines go to standard output", .directory),
            "the folder that files are published in; without it and a store lines go to standard output only")
        ConfigurationKey(
            "stdout", \.printsLines, .truth, flag: .truth("Print lines to standard output, too"),
            defaultText: "`true` without `log-dir` and `store`, else `false`",
            // With no files and no store, standard output is the only place the records can go.
            defaultRule: { configuration, _ in configuration.logDirectory == nil && configuration.store == nil },
            "prints each line to standard output")
        ConfigurationKey(
            "format", \.format, .word, flag: .option("aws or json"), "`aws` (text) or `json` (one object a line)")
        ConfigurationKey(
            "fields", \.fields, .fields,
            flag: .option("Fields of AWS lines"), defaultText: "AWS's default format",
            "AWS field names, as one text with spaces or commas, or as a list")
        ConfigurationKey(
            "log", \.filter, .word, flag: .option("Which flows are written: all, accept or reject"),
            """
            which flows are written: `all`, those with the verdict `accept`, or those with `reject`. All are counted. A port can \
            have its own
            """)
        ConfigurationKey(
            "layout", \.layout, .word, flag: .option("Folders of log files, as AWS names them: default or hive"),
            "folders as AWS makes them: `default`, or `hive` (`year=…/month=…`)")
        ConfigurationKey(
            "hourly", \.hourly, .truth, flag: .truth("A folder for each hour in that for the day"),
            "one folder more, for the hour")
        ConfigurationKey(
            "publish-period", \.publishPeriod, .duration(.seconds(1) ... .seconds(86_400)),
            flag: .option("How long a file collects records: seconds, or 30s, 5m, 1h"),
            defaultText: "`5m`, or `interval` where that is longer",
            defaultRule: { configuration, _ in max(configuration.publishPeriod, configuration.interval) },
            """
            how long a file collects records. Where it is shorter than the interval there is a file for each window, and the log \
            says so
            """)
        ConfigurationKey(
            "file-size", \.fileSize, .size(1_000...5_000_000_000),
            "a file is closed early when it is this large, in steps of a thousand")
    }

    /// What holds for the records and names of all ports.
    @KeyTableBuilder<Configuration> static var records: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "account-id", \.accountID, .identifier,
            flag: .option("AWS account in records and names of files, where a port has none of its own"),
            "the account of all ports that name none")
        ConfigurationKey(
            "region", \.region, .identifier,
            flag: .option("AWS region in records and names of files, where a port has none of its own"),
            "the region of all ports that name none")
        ConfigurationKey(
            "flow-log-id", \.flowLogID, .identifier,
            defaultText: "`fl-` and 8 digits made from the host's machine id",
            "the name of this log in its files' names")
    }
}

extension ValueForm<String> {
    /// AWS's field names with a space between them, whether written so or as a list.
    static var fields: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                let names = setting.elements.map { $0.map { $0.text ?? "" } } ?? setting.text.map { [$0] } ?? []
                let words = names.flatMap { $0.split(whereSeparator: \.isWhitespace) }
                guard !words.isEmpty, !names.contains("") else { throw setting.mustBe("a list of field names") }
                let list = words.joined(separator: " ")
                do { _ = try AWSField.list(from: list) } catch {
                    throw ConfigurationError(setting.place, "\(setting.name): \(error)")
                }
                return list
            }, write: { .text($0) })
    }
}

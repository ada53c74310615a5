// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats

extension ConfigurationKeys {
    /// The store.
    @KeyTableBuilder<Configuration> static var store: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "store", \.store, .path,
            flag: .option("Directory of the store, which weir logs reads", .directory), variable: "WEIR_STORE",
            defaultText: "`flows` in `state-dir`",
            defaultRule: { configuration, _ in Configuration.store(in: configuration.stateDirectory) },
            "the folder of the store: every record as Parquet, for `weir logs` and for other tools. See [store.md](store.md)"
        )
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
            flag: .option("Directory for log files", .directory),
            "the folder that files are published in: the short form of a sink of the type `files`")
        ConfigurationKey(
            "stdout", \.printsLines, .truth, flag: .truth("Print lines to standard output, too"),
            defaultText: "`true` without `log-dir`, `store` and `sinks`, else `false`",
            // Without a word on where records go, the operator is likely to look at a terminal.
            defaultRule: { configuration, given in
                configuration.logDirectory == nil && given["store"] == nil && configuration.sinks.isEmpty
            },
            "prints each line to standard output: the short form of a sink of the type `stdout`")
        ConfigurationKey(
            "format", \.format, .word, flag: .option("aws, json, csv or parquet"),
            "`aws` (text), `json` (one object a line), `csv` (comma-separated values), or, for files alone, `parquet`")
        ConfigurationKey(
            "fields", \.fields, .fields,
            flag: .option("Fields of AWS lines, or columns of Parquet files"),
            defaultText: "AWS's default format; of Parquet all columns",
            "AWS field names, as one text with spaces or commas, or as a list; for Parquet also [columns of Weir's own](store.md)"
        )
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
        ConfigurationKey(
            "sinks", \.sinks, .sinkRules, defaultText: "none",
            "where records go besides, a list: see below")
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
    /// Names of fields with a space between them, whether written so or as a list: of AWS's fields, or of a Parquet file's columns.
    static var fields: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                let names = setting.elements.map { $0.map { $0.text ?? "" } } ?? setting.text.map { [$0] } ?? []
                let words = names.flatMap { $0.split(whereSeparator: \.isWhitespace) }
                guard !words.isEmpty, !names.contains("") else { throw setting.mustBe("a list of field names") }
                let list = words.joined(separator: " ")
                // Which of the two it must be the format says.
                do { _ = try AWSField.list(from: list) } catch {
                    guard (try? ParquetFields.columns(from: list)) == nil else { return list }
                    throw ConfigurationError(setting.place, "\(setting.name): \(error)")
                }
                return list
            }, write: { .text($0) })
    }
}

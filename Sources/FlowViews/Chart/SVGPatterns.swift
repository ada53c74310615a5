// SPDX-License-Identifier: Apache-2.0

/// Colours and patterns of a picture's groups. Colours are those that most eyes tell apart (Okabe and Ito, "Color Universal Design").
enum SVGPatterns {
    private static let colours = [
        "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a400", "#6a5acd", "#8c564b", "#20a0a0",
    ]

    /// What is drawn over a colour, in a square of eight pixels; the first is the colour alone.
    private static let drawings = [
        "", "M-2 2l4-4M0 8l8-8M6 10l4-4", "M0 4h8", "M4 0v8", "M-2 6l4 4M0 0l8 8M6-2l4 4", "M0 4h8M4 0v8",
        "M1 1h2v2h-2zM5 5h2v2h-2z", "M0 0l8 8M0 8l8-8", "M0 2h8M0 6h8", "M2 0v8M6 0v8",
    ]

    static let style = """
        .page{fill:#ffffff}text{font:13px system-ui,sans-serif;fill:#1b1b1b}.head{font-size:15px;font-weight:600}\
        .small{font-size:12px;fill:#444444}.mark{font-weight:700;fill:#c00000}.axis{stroke:#444444;fill:none}\
        .grid{stroke:#dddddd;fill:none}.box{stroke:#444444}.one{fill:#0072b2}\
        .line{stroke:#ffffff;stroke-width:1.6;fill:none}.hatch{stroke:#999999;fill:none}\
        @media (prefers-color-scheme: dark){.page{fill:#16181c}text{fill:#e8e8e8}.small{fill:#bbbbbb}.mark{fill:#ff7070}\
        .axis{stroke:#bbbbbb}.grid{stroke:#33373d}.box{stroke:#bbbbbb}.one{fill:#56b4e9}.line{stroke:#16181c}.hatch{stroke:#777777}}
        """

    static let gap =
        "<pattern id=\"weir-gap\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
        + "<path class=\"hatch\" d=\"M-2 2l4-4M0 8l8-8M6 10l4-4\"/></pattern>"

    /// A pattern for each group.
    static func definitions(_ count: Int) -> String {
        (0..<count).map { index in
            "<pattern id=\"weir-\(index)\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
                + "<rect width=\"8\" height=\"8\" fill=\"\(colours[index % colours.count])\"/>"
                + "<path class=\"line\" d=\"\(drawings[index % drawings.count])\"/></pattern>"
        }.joined()
    }

    /// The attribute of a group's shapes.
    static func fill(_ index: Int, _ isSplit: Bool) -> String {
        isSplit ? "fill=\"url(#weir-\(index))\"" : "class=\"one\""
    }
}

// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationXML

/// Reads a document, and says what is in it.
final class XMLParserCheck: NSObject, XMLParserDelegate {
    private(set) var texts: [String] = []
    private(set) var elements: [String: Int] = [:]
    private var text = ""

    func accepts(_ document: String) -> Bool {
        let parser = XMLParser(data: Data(document.utf8))
        parser.delegate = self
        return parser.parse()
    }

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        elements[name, default: 0] += 1
        text = ""
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        if name == "text" { texts.append(text) }
    }
}

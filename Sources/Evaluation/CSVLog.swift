import Foundation
import ModelFile

/// A table of a run's numbers, with one row per step.
///
/// The first column is `step`. Numbers are written so that reading gives the same bits: two runs are equal if their
/// files are.
package struct CSVLog: ~Copyable {
  private let file: AppendedFile
  private let columns: [String]

  /// Starts a log, or continues one.
  ///
  /// - Parameters:
  ///   - path: the file to write.
  ///   - columns: names of the values, without `step`; no commas, quotes or line ends.
  ///   - step: `nil` starts over, replacing any existing file. A run resumed from a checkpoint passes the first step it
  ///     will log: rows at or after it are dropped, the others stay.
  /// - Throws: `EvaluationError.otherColumns` if the file to continue has other columns; `.cannotRead`, `.malformed`,
  ///   `.cannotWrite`.
  package init(path: String, columns: [String], resumingBefore step: Int? = nil) throws(EvaluationError) {
    precondition(columns.allSatisfy { !$0.isEmpty && !$0.contains { $0 == "," || $0 == "\"" || $0.isNewline } })
    var kept: [CSVTable.Row] = []
    if let step, FileManager.default.fileExists(atPath: path) {
      let table = try CSVTable.read(path)
      guard table.columns == columns else {
        throw .otherColumns(path: path, found: table.columns, expected: columns)
      }
      kept = table.rows.filter { $0.step < step }
    }
    let text = (["step"] + columns).joined(separator: ",") + "\n" + kept.map(Self.line).joined()
    do {
      try AtomicFile.write(to: path) { try $0.write(contentsOf: Data(text.utf8)) }
    } catch {
      throw EvaluationError(error)
    }
    let file = try AppendedFile(path, isNew: false)
    self.columns = columns
    self.file = file
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - step: the row's step.
  ///   - values: values by column; columns without a value stay empty.
  /// - Precondition: every value has a column.
  /// - Throws: `EvaluationError.cannotWrite`.
  package func append(step: Int, _ values: [String: Double]) throws(EvaluationError) {
    precondition(values.keys.allSatisfy(columns.contains))
    try file.append(Array(Self.line(CSVTable.Row(step: step, values: columns.map { values[$0] })).utf8))
  }

  /// Returns when all rows are on disk, as required before a checkpoint.
  ///
  /// - Throws: `EvaluationError.cannotWrite`.
  package func flush() throws(EvaluationError) { try file.synchronize() }

  private static func line(_ row: CSVTable.Row) -> String {
    ([String(row.step)] + row.values.map { $0.map { "\($0)" } ?? "" }).joined(separator: ",") + "\n"
  }
}

/// The contents of a `CSVLog`.
package struct CSVTable: Equatable, Sendable {
  /// The values of one step.
  package struct Row: Equatable, Sendable {
    package var step: Int
    /// One per column; `nil` if the row has no value.
    package var values: [Double?]
  }

  /// Names of the values, without `step`.
  package let columns: [String]
  package let rows: [Row]

  /// Reads a log; a last line without line end, left by a killed run, is ignored.
  ///
  /// - Throws: `EvaluationError.cannotRead`, `.malformed` with the line.
  package static func read(_ path: String) throws(EvaluationError) -> CSVTable {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw EvaluationError(error) }
    func damaged(_ line: Int, _ reason: String) -> EvaluationError {
      .malformed(path: path, line: line, reason: reason)
    }
    guard let text = String(data: file.bytes, encoding: .utf8) else { throw damaged(1, "it is not UTF-8 text") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    let header = lines.first?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
    guard header.first == "step" else { throw damaged(1, "the first column is not 'step'") }
    guard Set(header).count == header.count else { throw damaged(1, "two columns have the same name") }

    var rows: [Row] = []
    for (index, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == header.count else {
        throw damaged(index + 1, "\(cells.count) cells under \(header.count) columns")
      }
      guard let step = Int(cells[0]) else { throw damaged(index + 1, "'\(cells[0])' is not a step") }
      var values: [Double?] = []
      for cell in cells.dropFirst() {
        let value = Double(cell)
        guard cell.isEmpty || value != nil else { throw damaged(index + 1, "'\(cell)' is not a number") }
        values.append(value)
      }
      rows.append(Row(step: step, values: values))
    }
    return CSVTable(columns: Array(header.dropFirst()), rows: rows)
  }

  /// The values of a column with their steps; empty if there is no such column.
  package func points(_ column: String) -> [LineChart.Point] {
    guard let index = columns.firstIndex(of: column) else { return [] }
    return rows.compactMap { row in row.values[index].map { LineChart.Point(x: Double(row.step), y: $0) } }
  }
}

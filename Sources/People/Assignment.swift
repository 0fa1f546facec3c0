/// Finds the pairing with the least total cost.
enum Assignment {
  /// Pairs rows with columns: for every row, its column or `nil`.
  ///
  /// Pairs that cost `limit` or more are never made; the sum of cost − limit over all pairs is minimal. So a pair is
  /// only given up if that makes others cheaper by more than the pair was worth.
  ///
  /// `cost` returns a number or infinity for a row and a column; NaN counts as infinity.
  ///
  /// - Complexity: O(n²·m), where n is the smaller and m the larger of the two counts.
  /// - Source: Kuhn 1955, Munkres 1957, in the form with potentials and shortest augmenting paths.
  static func cheapest(
    rows: Int, columns: Int, limit: Double, cost: (_ row: Int, _ column: Int) -> Double
  ) -> [Int?] {
    guard rows <= columns else {
      let turned = cheapest(rows: columns, columns: rows, limit: limit) { cost($1, $0) }
      var pairs = [Int?](repeating: nil, count: rows)
      for (column, row) in turned.enumerated() { if let row { pairs[row] = column } }
      return pairs
    }
    // Forbidden pairs are worth nothing; a row assigned one stays unpaired.
    let worth = (0..<rows).map { row in
      (0..<columns).map { column in
        let value = cost(row, column) - limit
        return value < 0 ? value : 0
      }
    }
    return complete(worth, columns: columns).enumerated().map { row, column in
      worth[row][column] < 0 ? column : nil
    }
  }

  /// The cheapest way to give every row its own column; `costs` has at most as many rows as columns.
  private static func complete(_ costs: [[Double]], columns: Int) -> [Int] {
    // Column `columns` represents the start of a path; it holds the row being placed.
    let start = columns
    var rowPotential = [Double](repeating: 0, count: costs.count)
    var columnPotential = [Double](repeating: 0, count: columns + 1)
    var holder = [Int?](repeating: nil, count: columns + 1)
    for row in costs.indices {
      holder[start] = row
      var shortest = [Double](repeating: .infinity, count: columns)
      var previous = [Int](repeating: start, count: columns)
      var isVisited = [Bool](repeating: false, count: columns + 1)
      var current = start
      while let held = holder[current] {
        isVisited[current] = true
        var (step, next) = (Double.infinity, start)
        for column in 0..<columns where !isVisited[column] {
          let reduced = costs[held][column] - rowPotential[held] - columnPotential[column]
          if reduced < shortest[column] { (shortest[column], previous[column]) = (reduced, current) }
          if shortest[column] < step { (step, next) = (shortest[column], column) }
        }
        for column in 0...columns {
          if isVisited[column] {
            if let visited = holder[column] { rowPotential[visited] += step }
            columnPotential[column] -= step
          } else {
            shortest[column] -= step
          }
        }
        current = next
      }
      while current != start {
        holder[current] = holder[previous[current]]
        current = previous[current]
      }
    }
    var chosen = [Int](repeating: 0, count: costs.count)
    for column in 0..<columns { if let row = holder[column] { chosen[row] = column } }
    return chosen
  }
}

//! Parses a CEL source into a checked expression by precedence climbing.
//!
//! Invariant: nesting and height are bounded here, so that parsing, evaluating and dropping never exhaust the stack.

use super::ast::{Comparison, Expression, Literal, Macro};
use super::functions::Function;
use super::lexer::{Positioned, Token, tokens};
use super::strings::compile_pattern;
use crate::allowed::Allowed;
use crate::number::{Arithmetic, Numeric};
use crate::path::{Path, Reference, Segment, is_root};

/// How deep brackets, operators and calls may nest.
const MAXIMUM_NESTING: usize = 32;
/// How many binary operators, computed selections and method calls an expression may have in all (`&&` and `||` are free).
const MAXIMUM_OPERATORS: usize = 250;

pub(super) fn parse(source: &str, allowed: &Allowed) -> Result<Expression, String> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        next: 0,
        allowed,
        locals: Vec::new(),
        nesting: 0,
        operators: 0,
    };
    let expression = parser.expression()?;
    match parser.peek() {
        Token::End => Ok(expression),
        _ => Err(parser.unexpected()),
    }
}

struct Parser<'a> {
    tokens: Vec<Positioned>,
    next: usize,
    allowed: &'a Allowed,
    locals: Vec<String>,
    nesting: usize,
    operators: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        // The last token is End, and nothing advances past it.
        &self.tokens[self.next.min(self.tokens.len() - 1)].token
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn at(&self, detail: impl std::fmt::Display) -> String {
        format!("{detail} (at character {})", self.tokens[self.next].position)
    }

    fn unexpected(&self) -> String {
        match self.peek() {
            Token::End => "the expression ends too early".to_owned(),
            Token::Symbol(symbol) => self.at(format_args!("'{symbol}' is not expected")),
            Token::Name(name) => self.at(format_args!("'{name}' is not expected")),
            Token::Int(_) | Token::Number(_) => self.at("a number is not expected"),
            Token::Text(_) | Token::Bytes(_) => self.at("a text is not expected"),
        }
    }

    fn take(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), Token::Symbol(found) if *found == symbol);
        if found {
            self.advance();
        }
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), String> {
        if self.take(symbol) {
            Ok(())
        } else if *self.peek() == Token::End {
            Err(format!("'{symbol}' is missing at the end"))
        } else {
            Err(self.at(format_args!("'{symbol}' is expected")))
        }
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        self.nesting += 1;
        if self.nesting > MAXIMUM_NESTING {
            return Err(self.at(format_args!("nested deeper than {MAXIMUM_NESTING}")));
        }
        let result = parse(self);
        self.nesting -= 1;
        result
    }

    fn expression(&mut self) -> Result<Expression, String> {
        self.nested(|parser| {
            let condition = parser.or()?;
            if !parser.take("?") {
                return Ok(condition);
            }
            let yes = parser.or()?;
            parser.expect(":")?;
            let no = parser.expression()?;
            Ok(Expression::Conditional(Box::new([condition, yes, no])))
        })
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut terms = vec![self.and()?];
        while self.take("||") {
            terms.push(self.and()?);
        }
        Ok(single_or(terms, Expression::Or))
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut terms = vec![self.comparison()?];
        while self.take("&&") {
            terms.push(self.comparison()?);
        }
        Ok(single_or(terms, Expression::And))
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let mut left = self.binary(0)?;
        loop {
            let operator = match self.peek() {
                Token::Symbol("==") => Comparison::Equal,
                Token::Symbol("!=") => Comparison::NotEqual,
                Token::Symbol("<") => Comparison::Less,
                Token::Symbol("<=") => Comparison::LessOrEqual,
                Token::Symbol(">") => Comparison::Greater,
                Token::Symbol(">=") => Comparison::GreaterOrEqual,
                Token::Name(name) if name == "in" => Comparison::In,
                _ => return Ok(left),
            };
            self.count_operator()?;
            self.advance();
            left = Expression::Comparison(operator, Box::new(left), Box::new(self.binary(0)?));
        }
    }

    /// Sums (level 0) of products (level 1).
    fn binary(&mut self, level: usize) -> Result<Expression, String> {
        let operand = |parser: &mut Self| {
            if level == 0 { parser.binary(1) } else { parser.unary() }
        };
        let mut left = operand(self)?;
        loop {
            let operator = match (level, self.peek()) {
                (0, Token::Symbol("+")) => Arithmetic::Add,
                (0, Token::Symbol("-")) => Arithmetic::Subtract,
                (1, Token::Symbol("*")) => Arithmetic::Multiply,
                (1, Token::Symbol("/")) => Arithmetic::Divide,
                (1, Token::Symbol("%")) => Arithmetic::Remainder,
                _ => return Ok(left),
            };
            self.count_operator()?;
            self.advance();
            left = Expression::Arithmetic(operator, Box::new(left), Box::new(operand(self)?));
        }
    }

    fn count_operator(&mut self) -> Result<(), String> {
        self.operators += 1;
        if self.operators > MAXIMUM_OPERATORS {
            return Err(self.at(format_args!("more than {MAXIMUM_OPERATORS} operators and calls")));
        }
        Ok(())
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.take("!") {
            return self.nested(|parser| Ok(Expression::Not(Box::new(parser.unary()?))));
        }
        if self.take("-") {
            return self.nested(|parser| match parser.peek().clone() {
                // The smallest integer has no positive counterpart.
                Token::Number(digits) => {
                    parser.advance();
                    let literal = number_literal(&format!("-{digits}")).map_err(|detail| parser.at(detail))?;
                    parser.postfix(literal)
                }
                _ => Ok(Expression::Negate(Box::new(parser.unary()?))),
            });
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn postfix(&mut self, mut operand: Expression) -> Result<Expression, String> {
        loop {
            if self.take(".") {
                self.count_operator()?;
                let name = self.name()?;
                operand = if self.take("(") {
                    self.method(operand, &name)?
                } else {
                    Expression::Select(Box::new(operand), name)
                };
            } else if self.take("[") {
                self.count_operator()?;
                let index = self.expression()?;
                self.expect("]")?;
                operand = Expression::Index(Box::new(operand), Box::new(index));
            } else {
                return Ok(operand);
            }
        }
    }

    fn name(&mut self) -> Result<String, String> {
        match self.peek().clone() {
            Token::Name(name) => {
                self.advance();
                Ok(name)
            }
            _ => Err(self.at("a name is expected")),
        }
    }

    fn primary(&mut self) -> Result<Expression, String> {
        let literal = match self.peek().clone() {
            Token::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect(")")?;
                return Ok(inner);
            }
            Token::Symbol("[") => {
                self.advance();
                return Ok(Expression::List(self.items("]", Self::expression)?));
            }
            Token::Symbol("{") => {
                self.advance();
                let entry = |parser: &mut Self| {
                    let key = parser.expression()?;
                    parser.expect(":")?;
                    Ok((key, parser.expression()?))
                };
                return Ok(Expression::Map(self.items("}", entry)?));
            }
            Token::Name(name) => return self.named(&name),
            Token::Int(int) => Expression::Literal(Literal::Int(int)),
            Token::Number(digits) => number_literal(&digits).map_err(|detail| self.at(detail))?,
            Token::Text(text) => Expression::Literal(Literal::Text(text)),
            Token::Bytes(bytes) => Expression::Literal(Literal::Bytes(bytes)),
            Token::Symbol(_) | Token::End => return Err(self.unexpected()),
        };
        self.advance();
        Ok(literal)
    }

    /// Items up to a closing symbol, a trailing comma allowed.
    fn items<T>(&mut self, close: &str, item: impl Fn(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        while !self.take(close) {
            items.push(item(self)?);
            if !self.take(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn named(&mut self, name: &str) -> Result<Expression, String> {
        let literal = match name {
            "true" => Some(Literal::Bool(true)),
            "false" => Some(Literal::Bool(false)),
            "null" => Some(Literal::Null),
            "in" => return Err(self.unexpected()),
            _ => None,
        };
        if let Some(literal) = literal {
            self.advance();
            return Ok(Expression::Literal(literal));
        }
        if let Some(depth) = self.locals.iter().rposition(|local| local == name) {
            self.advance();
            return Ok(Expression::Local(depth));
        }
        if is_root(name) {
            return self.reference(name);
        }
        let start = self.next;
        self.advance();
        if matches!(name, "json" | "base64") && self.take(".") {
            let qualified = format!("{name}.{}", self.name()?);
            self.expect("(")?;
            return self.call(&qualified, None);
        }
        if self.take("(") {
            return self.call(name, None);
        }
        self.next = start;
        Err(self.at(format_args!(
            "unknown root '{name}': the roots are input, env, system, steps and response"
        )))
    }

    /// A root and the fixed segments after it, up to a method call or a computed index.
    fn reference(&mut self, root: &str) -> Result<Expression, String> {
        let start = self.next;
        self.advance();
        let mut source = root.to_owned();
        let mut segments = Vec::new();
        loop {
            let token = |ahead: usize| self.tokens.get(self.next + ahead).map(|positioned| &positioned.token);
            match (token(0), token(1), token(2)) {
                (Some(Token::Symbol(".")), Some(Token::Name(name)), after) if after != Some(&Token::Symbol("(")) => {
                    source.push('.');
                    source.push_str(name);
                    segments.push(Segment::Name(name.clone()));
                    self.next += 2;
                }
                (Some(Token::Symbol("[")), Some(Token::Text(name)), Some(Token::Symbol("]"))) => {
                    source.push_str(&format!("[{name:?}]"));
                    segments.push(Segment::Name(name.clone()));
                    self.next += 3;
                }
                (Some(Token::Symbol("[")), Some(Token::Int(index)), Some(Token::Symbol("]"))) if *index >= 0 => {
                    source.push_str(&format!("[{index}]"));
                    segments.push(Segment::Index(
                        usize::try_from(*index).map_err(|_| "an index is too large")?,
                    ));
                    self.next += 3;
                }
                _ => break,
            }
        }
        let end = std::mem::replace(&mut self.next, start);
        let reference = Reference::compile(
            Path {
                root: root.to_owned(),
                segments,
            },
            self.allowed,
        )
        .map_err(|e| self.at(e))?;
        self.next = end;
        Ok(Expression::Reference { reference, source })
    }

    fn method(&mut self, target: Expression, name: &str) -> Result<Expression, String> {
        let kind = match name {
            "all" => Macro::All,
            "exists" => Macro::Exists,
            "exists_one" | "existsOne" => Macro::ExistsOne,
            "map" => Macro::Map,
            "filter" => Macro::Filter,
            _ => return self.call(name, Some(target)),
        };
        let variable = self.name()?;
        if is_root(&variable) || matches!(variable.as_str(), "true" | "false" | "null" | "in") {
            return Err(self.at(format_args!("'{variable}' cannot be the name of a loop variable")));
        }
        self.expect(",")?;
        self.locals.push(variable);
        let mut body = self.expression()?;
        let mut filter = None;
        if kind == Macro::Map && self.take(",") {
            filter = Some(Box::new(body));
            body = self.expression()?;
        }
        self.locals.pop();
        self.expect(")")?;
        Ok(Expression::Loop {
            kind,
            range: Box::new(target),
            filter,
            body: Box::new(body),
        })
    }

    /// A call whose opening bracket was just taken; what is wrong with it is reported at its name.
    fn call(&mut self, name: &str, target: Option<Expression>) -> Result<Expression, String> {
        let name_at = self.next.saturating_sub(2);
        let mut arguments: Vec<Expression> = target.into_iter().collect();
        arguments.extend(self.nested(|parser| parser.items(")", Self::expression))?);
        let after = std::mem::replace(&mut self.next, name_at);
        let call = self.checked_call(name, arguments);
        if call.is_ok() {
            self.next = after;
        }
        call
    }

    fn checked_call(&self, name: &str, mut arguments: Vec<Expression>) -> Result<Expression, String> {
        let count = arguments.len();
        match name {
            "has" => {
                let (Some(operand), true) = (arguments.pop(), count == 1) else {
                    return Err(self.at("has() takes one field, for example has(input.name)"));
                };
                return match operand {
                    Expression::Reference { .. } | Expression::Select(..) | Expression::Index(..) => {
                        Ok(Expression::Has(Box::new(operand)))
                    }
                    _ => Err(self.at("has() takes one field, for example has(input.name)")),
                };
            }
            "default" | "orValue" => {
                let (Some(fallback), Some(value), true) = (arguments.pop(), arguments.pop(), count == 2) else {
                    return Err(self.at("default() takes a value and what to use instead of it"));
                };
                return Ok(Expression::Default(Box::new(value), Box::new(fallback)));
            }
            _ => {}
        }
        let (function, minimum, maximum) =
            Function::named(name).ok_or_else(|| self.at(format_args!("there is no function '{name}'")))?;
        if count < minimum || count > maximum {
            return Err(self.at(format_args!("'{name}' does not take {count} arguments")));
        }
        if function == Function::Matches
            && let Some(Expression::Literal(Literal::Text(pattern))) = arguments.get(1)
        {
            let pattern = compile_pattern(pattern).map_err(|detail| self.at(detail))?;
            arguments.truncate(1);
            if let Some(text) = arguments.pop() {
                return Ok(Expression::Matches(Box::new(text), Box::new(pattern)));
            }
        }
        Ok(Expression::Call(function, arguments))
    }
}

fn number_literal(digits: &str) -> Result<Expression, &'static str> {
    match Numeric::parse(digits) {
        Some(Numeric::Int(int)) => Ok(Expression::Literal(Literal::Int(int))),
        Some(Numeric::Decimal(decimal)) => Ok(Expression::Literal(Literal::Decimal(decimal))),
        Some(Numeric::Double(double)) => Ok(Expression::Literal(Literal::Double(double))),
        None => Err("a number is too large"),
    }
}

fn single_or(mut terms: Vec<Expression>, combine: fn(Vec<Expression>) -> Expression) -> Expression {
    match terms.pop() {
        Some(only) if terms.is_empty() => only,
        Some(last) => {
            terms.push(last);
            combine(terms)
        }
        None => combine(terms),
    }
}

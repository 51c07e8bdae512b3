//! A policy, parsed and checked.

use serde_json::{Map, Value};

use super::condition::Condition;
use super::pattern::{Case, Pattern};
use super::principal::{Principal, Trust, Who};
use super::syntax::{self, SYNTAX, either, texts};
use super::{Context, Request};

#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) id: String,
    pub(crate) allows: bool,
    pub(crate) actions: Scope,
    /// None in trust policies, which are about their role.
    pub(crate) resources: Option<Scope>,
    principal: Option<(bool, Principal)>,
    pub(crate) conditions: Vec<Condition>,
}

/// What a statement is about: some patterns, or all but them.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    negated: bool,
    pub(crate) written: Vec<String>,
    patterns: Vec<Pattern>,
}

impl Document {
    /// A policy of a user, a group, a role or a session.
    pub(crate) fn identity(text: &str) -> Result<Self, String> {
        Self::parse(text, |statement| {
            if statement.principal.is_some() {
                return Err("Policy document should not specify a principal.".to_owned());
            }
            statement.resources.as_ref().map(drop).ok_or_else(|| "Policy statement must contain resources.".to_owned())
        })
    }

    /// A policy that says who may assume a role.
    pub(crate) fn trust(text: &str) -> Result<Self, String> {
        Self::parse(text, |statement| match (&statement.principal, &statement.resources) {
            (None, _) => Err("Missing required field Principal".to_owned()),
            (_, Some(_)) => Err("Has prohibited field Resource".to_owned()),
            _ => Ok(()),
        })
    }

    /// Whatever the text, this ends soon, with a document or with a reason.
    fn parse(text: &str, check: impl Fn(&Statement) -> Result<(), String>) -> Result<Self, String> {
        let (variables, statements) = syntax::statements(text)?;
        let statements = statements.into_iter().map(|statement| {
            let statement = Statement::parse(statement, variables)?;
            check(&statement)?;
            Ok(statement)
        });
        Ok(Self { statements: statements.collect::<Result<_, String>>()? })
    }
}

impl Statement {
    fn parse(value: Value, variables: bool) -> Result<Self, String> {
        let Value::Object(mut statement) = value else { return Err(SYNTAX.to_owned()) };
        let id = match statement.remove("Sid") {
            Some(Value::String(id)) => id,
            Some(_) => return Err(SYNTAX.to_owned()),
            None => String::new(),
        };
        let allows = match statement.remove("Effect").as_ref().and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(SYNTAX.to_owned()),
        };
        let (negated, actions) = either(&mut statement, "Action")?.ok_or("Policy statement must contain actions.")?;
        let actions = Scope::parse(negated, texts(actions)?, false)?;
        if actions.written.iter().any(|action| action != "*" && !action.contains(':')) {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
        }
        let resources = either(&mut statement, "Resource")?
            .map(|(negated, resources)| Scope::parse(negated, texts(resources)?, variables))
            .transpose()?;
        for resource in resources.iter().flat_map(|resources| &resources.written) {
            if resource != "*" && !resource.starts_with("arn:") {
                return Err(format!("Resource {resource} must be in ARN format or \"*\"."));
            }
        }
        let principal = either(&mut statement, "Principal")?
            .map(|(negated, value)| Ok::<_, String>((negated, principal(value)?)))
            .transpose()?;
        let conditions = match statement.remove("Condition") {
            Some(Value::Object(conditions)) => self::conditions(conditions, variables)?,
            Some(_) => return Err(SYNTAX.to_owned()),
            None => Vec::new(),
        };
        match statement.keys().next() {
            Some(field) => Err(format!("Has prohibited field {field}")),
            None => Ok(Self { id, allows, actions, resources, principal, conditions }),
        }
    }

    /// Whether it is about this request, as far as its principal does not matter.
    pub(super) fn applies(&self, request: &Request<'_>) -> bool {
        self.actions.has(request.action, request.context, Case::Ignored)
            && self.resources.as_ref().is_none_or(|scope| scope.has(request.resource, request.context, Case::Sensitive))
            && self.conditions.iter().all(|condition| condition.holds(request.context))
    }

    /// Whom it means, in a trust policy.
    pub(super) fn trusts(&self, who: Who<'_>) -> Trust {
        match &self.principal {
            Some((false, principal)) => principal.means(who),
            Some((true, principal)) if principal.means(who) == Trust::No => Trust::Itself,
            _ => Trust::No,
        }
    }

    /// Whether it may be about an action, and depends on which resources the request is about.
    pub(super) fn asks_of_subjects(&self, action: &str) -> bool {
        let everything = |scope: &Scope| !scope.negated && scope.patterns.iter().any(Pattern::is_everything);
        let selective = self.resources.as_ref().is_some_and(|scope| !everything(scope))
            || self.conditions.iter().any(Condition::asks_of_subjects);
        selective && self.actions.has(action, &Context::default(), Case::Ignored)
    }
}

impl Scope {
    fn parse(negated: bool, written: Vec<String>, variables: bool) -> Result<Self, String> {
        if written.is_empty() {
            return Err(SYNTAX.to_owned());
        }
        let patterns = written.iter().map(|text| Pattern::parse(text, true, variables)).collect::<Result<_, _>>()?;
        Ok(Self { negated, written, patterns })
    }

    fn has(&self, text: &str, context: &Context, case: Case) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text, context, case)) != self.negated
    }
}

/// `"*"`, or an object with `AWS`, `Service`, `Federated`, `CanonicalUser`.
fn principal(value: Value) -> Result<Principal, String> {
    match value {
        Value::String(text) if text == "*" => Ok(Principal::Everybody),
        Value::Object(mut kinds) => {
            let aws = kinds.remove("AWS").map(texts).transpose()?;
            for (kind, names) in kinds {
                if !matches!(kind.as_str(), "Service" | "Federated" | "CanonicalUser") {
                    return Err(SYNTAX.to_owned());
                }
                texts(names)?;
            }
            Ok(aws.map_or(Principal::Other, Principal::Aws))
        }
        _ => Err("Invalid principal in policy".to_owned()),
    }
}

fn conditions(operators: Map<String, Value>, variables: bool) -> Result<Vec<Condition>, String> {
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Value::Object(keys) = keys else { return Err(SYNTAX.to_owned()) };
        for (key, values) in keys {
            conditions.push(Condition::parse(&operator, &key, texts(values)?, variables)?);
        }
    }
    Ok(conditions)
}
